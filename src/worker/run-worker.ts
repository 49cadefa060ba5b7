import { GracefulShutdownPeriodExpiredError, Runtime } from '@temporalio/worker';
import { loadProject, type LoadedProject } from '../config/load.js';
import { listenForInterruption } from './interruption.js';
import { createWorker, GRACE_MS, type RunningWorker } from './worker.js';

export interface RunWorkerOptions {
  /** The project's folder. */
  readonly directory: string;
  /** Told when the worker polls. */
  readonly onReady?: (project: LoadedProject) => void;
  /** Told when a signal has come: how many steps are at work, and how long they may go on. */
  readonly onStopping?: (steps: number, graceMs: number) => void;
}

/**
 * How a worker's end came: `drained` when every step had ended or was interrupted in good order, so that it starts again
 * elsewhere at once; `cut off` when steps did not end, and start again when their heartbeats are missed; `not started`
 * when the signal came before the worker polled.
 */
export type WorkerEnd = 'drained' | 'cut off' | 'not started';

/**
 * Runs the worker of the project in a folder until SIGINT, SIGTERM or SIGHUP. A second signal ends the process at once.
 *
 * @throws MillraceError whatever keeps it from starting: see {@link createWorker}
 */
export async function runWorker(options: RunWorkerOptions): Promise<WorkerEnd> {
  // The SDK's runtime would stop the worker by itself on a signal, while we still have to say so.
  Runtime.install({ shutdownSignals: [] });
  let worker: RunningWorker | undefined;
  const interruption = listenForInterruption(() => options.onStopping?.(worker?.atWork() ?? 0, GRACE_MS));
  try {
    const project = await loadProject(options.directory);
    const starting = createWorker({ project });
    starting.catch(() => undefined);
    const started = await Promise.race([starting, interruption.happened]);
    if (started === 'interrupted') return 'not started';
    worker = started;
    options.onReady?.(project);
    void interruption.happened.then(() => started.stop()).catch(() => undefined);
    await worker.done;
    return 'drained';
  } catch (error) {
    if (error instanceof GracefulShutdownPeriodExpiredError) return 'cut off';
    throw error;
  } finally {
    interruption.dispose();
  }
}
