import type { Operations } from '../../src/api/index.js';
import { remoteOperations } from '../../src/client/http.js';
import type { LoadedProject } from '../../src/config/load.js';
import { startService } from '../../src/service/run-service.js';
import { temporalAddress } from './temporal.js';

/** A project's client service in this process, on a port of its own. */
export interface ProjectService {
  readonly url: string;
  /** Everything that can be asked of it, asked by HTTP. */
  readonly operations: Operations;
  readonly stop: () => Promise<void>;
}

/** Starts the client service of a project, as a worker in this process has it. */
export async function startProjectService(project: LoadedProject, address?: string): Promise<ProjectService> {
  const service = await startService({ project, address: address ?? (await temporalAddress()), port: 0, answerMs: 30_000 });
  return { url: service.url, operations: remoteOperations({ url: service.url }), stop: () => service.stop() };
}
