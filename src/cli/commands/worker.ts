import { problemLine } from '../../core/problems.js';
import { runWorker } from '../../worker/index.js';
import { EXIT } from '../exit-codes.js';
import type { CommandContext } from '../command-context.js';
import { tellCheck } from '../progress.js';

/** Runs the project's worker until it is told to stop. */
export async function worker({ output, directory }: CommandContext): Promise<number> {
  const end = await runWorker({
    directory,
    onCheck: output.json ? undefined : tellCheck,
    onWarning: (problem) => output.warn(`warning: ${problemLine(problem)}`),
    onReady: ({ taskQueue, pipelines: known, warnings }) => {
      warnings.forEach(output.warn);
      const pipelines = Object.keys(known);
      output.data({ event: 'ready', taskQueue, pipelines });
      output.text(`The worker polls task queue "${taskQueue}" for ${pipelines.join(', ')}. Ctrl-C stops it.`);
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

const END_TEXTS = {
  drained: 'The worker has stopped.',
  'cut off': 'The worker was cut off: steps did not end. They start again elsewhere when their heartbeats are missed.',
  'not started': 'Stopped before the worker had started.',
} as const;

function stoppingText(steps: number, graceMs: number): string {
  if (steps === 0) return 'Stopping: no step is at work.';
  const some = steps === 1 ? '1 step at work has' : `${steps} steps at work have`;
  return `Stopping: ${some} ${graceMs / 1000} s to finish; what does not is interrupted, and starts again elsewhere. Once more stops at once.`;
}
