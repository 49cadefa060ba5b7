import { loadProject } from '../../config/load.js';
import { startService } from '../../service/run-service.js';
import { listenForInterruption } from '../../worker/interruption.js';
import { EXIT } from '../exit-codes.js';
import type { CommandContext } from '../command-context.js';

export interface ServeOptions {
  readonly host?: string;
  readonly port?: number;
}

/** Runs the project's client service until it is told to stop. */
export async function serve({ output, directory }: CommandContext, { host, port }: ServeOptions): Promise<number> {
  const project = await loadProject(directory);
  const service = await startService({ project, host, port });
  const interruption = listenForInterruption(() => output.text('Stopping.'));
  output.data({ event: 'ready', url: service.url, open: service.open });
  output.text(`The client service listens at ${service.url}. Ctrl-C stops it.`);
  if (service.open) {
    const how = 'Make a token with `millrace tokens create NAME --role admin`; from then on every call needs one.';
    output.warn(`There is no token yet: whoever works on this machine may call it, and nobody else. ${how}`);
  }
  await interruption.happened;
  await service.stop();
  interruption.dispose();
  return EXIT.ok;
}
