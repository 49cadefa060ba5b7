import { TerminalError, type MillraceError } from '../core/errors.js';
import { placeOf } from './place.js';
import { startProjectThread } from './project-thread.js';
import type { FromThread, ThreadProblem, ThreadTask, ToThread } from './protocol.js';

/** A thread at work on a function of the project. */
export interface RowsThread {
  send(message: ToThread): void;
  /** Rejects when the thread fails, dies or ends before `stop`; never resolves. */
  readonly failed: Promise<never>;
  /** Ends the thread, in whatever it is doing. */
  stop(): Promise<void>;
}

/**
 * Starts a thread for a transform's function.
 *
 * @param name the transform's, for messages
 * @param receive is called with each message but the one of a failure
 */
export function startThread(
  name: string,
  task: ThreadTask,
  memoryMb: number,
  receive: (message: Exclude<FromThread, { kind: 'failed' }>) => void,
): RowsThread {
  const worker = startProjectThread(
    'thread-main',
    `millrace transform ${name}`,
    // The caller may hold a whole project, whose functions cannot travel.
    { project: { configPath: task.project.configPath, root: task.project.root }, work: task.work },
    memoryMb,
  );
  let isStopping = false;
  const failed = new Promise<never>((_resolve, reject) => {
    worker.on('message', (message: FromThread) => {
      if (message.kind === 'failed') reject(errorOf(name, message.problem));
      else receive(message);
    });
    worker.on('error', (error) => reject(uncaught(name, error, task, memoryMb)));
    worker.on('exit', (code) => {
      if (!isStopping) reject(died(name, `ended itself with the code ${code} before it was done. Leave process.exit out of it`));
    });
  });
  failed.catch(() => undefined);
  return {
    failed,
    send: (message) => worker.postMessage(message, []),
    async stop() {
      isStopping = true;
      await worker.terminate();
    },
  };
}

function uncaught(name: string, error: Error, task: ThreadTask, memoryMb: number): MillraceError {
  if ((error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return died(
      name,
      `ran out of memory: its values took more than the ${memoryMb} MB it may have (memoryMb). Hold fewer rows at a time, or raise memoryMb`,
    );
  }
  const place = placeOf(error.stack, task.project.root);
  return errorOf(name, { transform: name, what: 'threw', message: error.message, place });
}

function died(name: string, what: string): TerminalError {
  return new TerminalError('TRANSFORM_DIED', `The thread of transform "${name}" ${what}.`);
}

const CODES = {
  load: 'CONFIG_INVALID',
  threw: 'TRANSFORM_FAILED',
  value: 'TRANSFORM_VALUE',
  input: 'TRANSFORM_INPUT_SIZE',
} as const;

/** What went wrong in the thread, as an error for the person who must act. */
export function errorOf(name: string, { what, message, place }: ThreadProblem): TerminalError {
  const at = place === undefined ? '' : ` (${place})`;
  const text = message.replace(/[.\s]+$/, '');
  const said = {
    load: `The function of transform "${name}" does not load${at}: ${text}. Its thread has none of the worker's environment variables. Correct the module, or the import in the config.`,
    threw: `The function of transform "${name}" threw${at}: ${text}.`,
    value: `Transform "${name}": ${text}. Correct the function or the contract.`,
    input: `The function of transform "${name}"${at} ${text}.`,
  }[what];
  return new TerminalError(CODES[what], said, place === undefined ? {} : { place });
}
