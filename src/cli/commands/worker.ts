import { runWorker } from '../../worker/index.js';
import { EXIT } from '../exit-codes.js';
import type { CommandContext } from '../command-context.js';

/** Runs the project's worker until it is told to stop. */
export async function worker({ output, directory }: CommandContext): Promise<number> {
  await runWorker({
    directory,
    onReady: ({ taskQueue, config, warnings }) => {
      warnings.forEach(output.warn);
      const pipelines = Object.keys(config.pipelines);
      output.data({ event: 'ready', taskQueue, pipelines });
      output.text(`The worker polls task queue "${taskQueue}" for ${pipelines.join(', ')}. Ctrl-C stops it.`);
    },
  });
  return EXIT.ok;
}
