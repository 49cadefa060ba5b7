import { problemLine } from '../../core/problems.js';
import { TerminalError } from '../../core/errors.js';
import { runWorker, type WorkerDeployment } from '../../worker/index.js';
import { standingText } from '../../worker/standing-text.js';
import { EXIT } from '../exit-codes.js';
import type { CommandContext } from '../command-context.js';
import { tellCheck } from '../progress.js';

export interface WorkerFlags {
  readonly queues?: readonly string[];
  readonly grace?: string;
  readonly deployment?: string;
  readonly buildId?: string;
}

/**
 * Runs the project's worker until it is told to stop.
 *
 * @throws TerminalError COMMAND_INVALID for a build id without a deployment
 */
export async function worker({ output, directory }: CommandContext, flags: WorkerFlags = {}): Promise<number> {
  const end = await runWorker({
    directory,
    queues: flags.queues,
    grace: flags.grace,
    deployment: deploymentOf(flags),
    onCheck: output.json ? undefined : tellCheck,
    onWarning: (problem) => output.warn(`warning: ${problemLine(problem)}`),
    onReady: ({ taskQueue, pipelines: known, warnings, worker: { steps } }, { queues }, standing) => {
      warnings.forEach(output.warn);
      const pipelines = Object.keys(known);
      const { text, warning } = standingText(standing, taskQueue);
      if (warning !== undefined) output.warn(`warning: ${warning}`);
      output.data({ event: 'ready', taskQueue, queues, steps, pipelines, standing });
      output.text(`${readyText(queues, taskQueue, pipelines)} Ctrl-C stops it.`);
      if (text !== undefined) output.text(text);
    },
    onStopping: (steps, graceMs) => {
      output.data({ event: 'stopping', steps, graceMs });
      output.text(stoppingText(steps, graceMs));
    },
  });
  output.data({ event: 'stopped', end });
  output.text(END_TEXTS[end]);
  return end === 'cut off' ? EXIT.failed : end === 'drained' ? EXIT.ok : EXIT.interrupted;
}

/** Temporal itself refuses a dot and a colon. */
const NAME = /^[A-Za-z0-9][\w-]{0,99}$/;
const BUILD_ID = /^[A-Za-z0-9][\w.-]{0,199}$/;

function deploymentOf({ deployment: name, buildId }: WorkerFlags): WorkerDeployment | undefined {
  if (name === undefined) {
    if (buildId === undefined) return undefined;
    throw new TerminalError('COMMAND_INVALID', '`--build-id` names a version of a deployment: give `--deployment NAME` too.');
  }
  const wrong = NAME.test(name) ? undefined : `The deployment "${name}" must be letters, digits, _ and -, at most 100.`;
  const alsoWrong =
    buildId === undefined || BUILD_ID.test(buildId)
      ? undefined
      : `The build id "${buildId}" must be letters, digits, _, - and dots, at most 200.`;
  const problem = wrong ?? alsoWrong;
  if (problem !== undefined) throw new TerminalError('COMMAND_INVALID', problem);
  return { name, ...(buildId !== undefined && { buildId }) };
}

const END_TEXTS = {
  drained: 'The worker has stopped.',
  'cut off': 'The worker was cut off: steps did not end. They start again elsewhere when their heartbeats are missed.',
  'not started': 'Stopped before the worker had started.',
} as const;

function readyText(queues: readonly string[], own: string, pipelines: readonly string[]): string {
  const names = queues.map((queue) => `"${queue}"`).join(', ');
  const polls = `The worker polls task queue${queues.length === 1 ? '' : 's'} ${names}`;
  return queues.includes(own)
    ? `${polls} for ${pipelines.join(', ')}.`
    : `${polls} for steps alone; runs go on where "${own}" is polled.`;
}

function stoppingText(steps: number, graceMs: number): string {
  if (steps === 0) return 'Stopping: no step is at work.';
  const some = steps === 1 ? '1 step at work has' : `${steps} steps at work have`;
  return `Stopping: ${some} ${graceMs / 1000} s to finish; what does not is interrupted, and starts again elsewhere. Once more stops at once.`;
}
