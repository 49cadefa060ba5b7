import { GracefulShutdownPeriodExpiredError, Runtime } from '@temporalio/worker';
import { inspectProject, type LoadedProject } from '../config/load.js';
import { refuseProblems, type Problem } from '../core/problems.js';
import { preflight, type Check } from '../preflight/preflight.js';
import { listenForInterruption } from './interruption.js';
import { standingOf, type Standing } from './standing.js';
import { connectWorker, createWorker, type RunningWorker, type WorkerDeployment } from './worker.js';

export interface RunWorkerOptions {
  /** The project's folder. */
  readonly directory: string;
  /** A worker deployment that it is of. @default none: it has no version */
  readonly deployment?: WorkerDeployment;
  /** The task queues to poll. @default the project's own */
  readonly queues?: readonly string[] | undefined;
  /** How long steps at work may go on after a signal. @default the project's `worker.grace` */
  readonly grace?: string | undefined;
  /** Told of each check of the project when it ends. */
  readonly onCheck?: (check: Check) => void;
  /** Told of what is wrong and yet does not keep the worker from starting. */
  readonly onWarning?: (problem: Problem) => void;
  /** Told when the worker polls, with what it will get. */
  readonly onReady?: (project: LoadedProject, worker: RunningWorker, standing: Standing) => void;
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
 * It polls once Temporal answers and the project has been found sound.
 *
 * @throws ProblemsError with everything that is wrong with the project: see {@link preflight}
 * @throws MillraceError whatever else keeps it from starting, an unreachable Temporal first: see {@link createWorker}
 */
export async function runWorker(options: RunWorkerOptions): Promise<WorkerEnd> {
  // The SDK's runtime would stop the worker by itself on a signal, while we still have to say so.
  Runtime.install({ shutdownSignals: [] });
  let worker: RunningWorker | undefined;
  const interruption = listenForInterruption(() => options.onStopping?.(worker?.atWork() ?? 0, worker?.graceMs ?? 0));
  try {
    const starting = start(options);
    starting.catch(() => undefined);
    const started = await Promise.race([starting, interruption.happened]);
    if (started === 'interrupted') return 'not started';
    worker = started.worker;
    options.onReady?.(started.project, worker, started.standing);
    void interruption.happened.then(() => started.worker.stop()).catch(() => undefined);
    await worker.done;
    return 'drained';
  } catch (error) {
    if (error instanceof GracefulShutdownPeriodExpiredError) return 'cut off';
    throw error;
  } finally {
    interruption.dispose();
  }
}

interface Started {
  readonly project: LoadedProject;
  readonly worker: RunningWorker;
  readonly standing: Standing;
}

async function start(options: RunWorkerOptions): Promise<Started> {
  const { directory, onCheck, onWarning, queues, grace, deployment } = options;
  const inspected = await inspectProject(directory);
  const connection = inspected.project && (await connectWorker());
  try {
    const { problems, bundle } = await preflight({ directory, inspected, onCheck });
    refuseProblems(problems, directory);
    problems.forEach((problem) => onWarning?.(problem));
    const project = inspected.project as LoadedProject;
    const worker = await createWorker({ project, connection, deployment, queues, grace, workflowBundle: bundle });
    return { project, worker, standing: await standingOf(polledFirst(project, worker), worker) };
  } catch (error) {
    await connection?.connection.close();
    throw error;
  }
}

/** The queue on which a worker gets what it is for: runs, where it takes them. */
function polledFirst({ taskQueue }: LoadedProject, { queues }: RunningWorker): string {
  return queues.includes(taskQueue) ? taskQueue : (queues[0] as string);
}
