import type { LoadedProject } from '../config/load.js';
import { messageOf, MillraceError } from '../core/errors.js';
import { startService, type RunningService } from '../service/run-service.js';
import { choosePort } from './free-port.js';

/** The service's usual port. */
const PORT = 8300;
/** Two that start at once may choose the same port: who comes second chooses again. */
const CHOICES = 3;

export interface DevServiceOptions {
  readonly project: LoadedProject;
  /** Of Temporal. */
  readonly address: string;
  /** The port that was asked for. @default 8300, or the next free one */
  readonly port?: number | undefined;
  readonly notice: (line: string) => void;
}

/**
 * Starts the project's client service in this process, for this machine only.
 *
 * @throws TerminalError PORT_BUSY when the port that was asked for is taken
 */
export async function startDevService({ project, address, port: wanted, notice }: DevServiceOptions): Promise<RunningService> {
  const explicit = wanted !== undefined;
  const choice = { purpose: 'the client service', wanted: wanted ?? PORT, explicit, option: '--service-port' };
  const onUnexpected = (error: unknown, instance: string): void =>
    notice(`The client service failed (${instance}): ${messageOf(error)}`);
  for (let attempt = 1; ; attempt += 1) {
    const port = await choosePort(choice, notice);
    try {
      return await startService({ project, address, port, onUnexpected });
    } catch (error) {
      const taken = error instanceof MillraceError && error.code === 'PORT_BUSY';
      if (!taken || explicit || attempt === CHOICES) throw error;
    }
  }
}
