import { userInfo } from 'node:os';
import { openCatalog } from '../catalog/index.js';
import type { LoadedProject } from '../config/load.js';
import { openTemporalStates } from '../operations/temporal-states.js';
import { connectTemporal } from '../temporal/connect.js';
import { temporalTarget } from '../temporal/target.js';
import { createService } from './server.js';

export interface ServiceOptions {
  readonly project: LoadedProject;
  /** @default from the environment and Temporal's config file */
  readonly address?: string;
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** 0: any free one. @default 8300 */
  readonly port?: number;
}

export interface RunningService {
  /** As `http://127.0.0.1:8300`. */
  readonly url: string;
  /** Answers what it has begun to answer, and stops. */
  stop(): Promise<void>;
}

/**
 * Starts the client service of a project.
 *
 * @throws TransientError TEMPORAL_UNREACHABLE, CATALOG_UNAVAILABLE; TerminalError PORT_BUSY
 */
export async function startService({
  project,
  address,
  host = '127.0.0.1',
  port = 8300,
}: ServiceOptions): Promise<RunningService> {
  const temporal = await connectTemporal(temporalTarget({ ...(address !== undefined && { address }) }));
  const catalog = await openCatalog(project.catalog);
  const states = openTemporalStates(temporal, project.taskQueue);
  const app = createService({
    services: { project, catalog, temporal, states },
    callerOf: async (request) => ({ name: userInfo().username, kind: 'local', role: 'admin', from: request.ip }),
  });
  app.addHook('onClose', async () => {
    await catalog.close();
    await temporal.close();
  });
  const url = await app.listen({ host, port });
  return { url, stop: () => app.close() };
}
