import { InvalidArgumentError, type Command } from 'commander';
import { MOST_EXAMPLES } from '../../core/quarantine.js';
import type { ReplayOptions } from '../commands/quarantine-replay.js';
import type { Add } from './add.js';
import { parseCount, runArgument } from './arguments.js';

/** Commands about rejected rows. */
export function addQuarantine(program: Command, add: Add): void {
  const quarantine = add(
    program,
    {
      usage: 'quarantine',
      service: true,
      about: 'Shows the rejected rows of a run: why, how many, and examples with their place in the source.',
      details: ['Of rows that came back since, it tells how many, when, and by which run.'],
      examples: ['millrace quarantine flightDelays/2001-01', 'millrace quarantine flightDelays/2001-01 --limit 100 --json'],
    },
    async (context, address: string, options: { readonly limit: number }) =>
      (await import('../commands/quarantine.js')).quarantine(context, address, options),
  )
    .addArgument(runArgument())
    .option('--limit <n>', `examples for each step, ${MOST_EXAMPLES} at most`, parseExamples, 10)
    .enablePositionalOptions()
    .helpCommand(false);
  addExport(quarantine, add);
  addReplay(quarantine, add);
}

function parseExamples(text: string): number {
  const count = parseCount(text);
  if (count <= MOST_EXAMPLES) return count;
  throw new InvalidArgumentError(`It must be ${MOST_EXAMPLES} at most. All rows: millrace quarantine export RUN --to FILE.`);
}

const STEP = 'the step that rejected them (validate:orders, or orders); may be left out where there is one only';

function addExport(quarantine: Command, add: Add): void {
  add(
    quarantine,
    {
      usage: 'export',
      about: 'Writes every rejected row of a step into a file, to be looked at or edited.',
      details: [
        'Each row has its values as columns, as they were in the source, and beside them its number, its place in the source, the reasons, the run, the step, and the contract with its version. Parquet keeps the types; elsewhere values are text.',
        'An edited file is taken by millrace quarantine replay --from. Rows may be left out of it, and every column but the own ones of Millrace be changed.',
      ],
      examples: [
        'millrace quarantine export sell-0mf2k1x9c07a1 --to rejected.csv',
        'millrace quarantine export flightDelays/2001-01 validate:reports --to rejected.parquet --json',
      ],
    },
    async (context, address: string, step: string | undefined, options: { readonly to: string }) =>
      (await import('../commands/quarantine-export.js')).exportQuarantine(context, address, step, options.to),
  )
    .addArgument(runArgument())
    .argument('[step]', STEP)
    .requiredOption('--to <file>', 'the file, ending in .csv, .json, .ndjson, .jsonl or .parquet; must not be there');
}

function addReplay(quarantine: Command, add: Add): void {
  add(
    quarantine,
    {
      usage: 'replay',
      temporal: true,
      about: "Judges the rejected rows of a step again, by today's contract, and loads those that pass now, once.",
      details: [
        'It starts a run of the pipeline replayQuarantine. Its rows are added to the load that they were missing from: a row that came back once never does so again, whoever replays it. What is rejected again is in the quarantine of that run.',
        'With --from the rows of an edited file are judged instead of those that were rejected, and only these. A line that was malformed comes back only so.',
        'Where more than a load was made of the accepted rows, or the target holds a later load by now, the replay is refused, and says which command does it.',
      ],
      examples: [
        'millrace quarantine replay sell-0mf2k1x9c07a1 --wait',
        'millrace quarantine replay sell-0mf2k1x9c07a1 sales --from mended.csv --wait',
      ],
    },
    async (context, address: string, step: string | undefined, options: ReplayOptions) =>
      (await import('../commands/quarantine-replay.js')).replayQuarantine(context, address, step, options),
  )
    .addArgument(runArgument())
    .argument('[step]', STEP)
    .option('--from <file>', 'an edited file of millrace quarantine export')
    .option('--wait', 'follow the replay to its end; Ctrl-C leaves it running');
}
