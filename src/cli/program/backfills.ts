import { Argument, Option, type Command } from 'commander';
import type { BackfillOptions } from '../commands/backfill.js';
import type { BackfillsOptions } from '../commands/backfills.js';
import type { Add } from './add.js';
import { parseCount, parseParams } from './arguments.js';

/** Commands about backfills. */
export function addBackfills(program: Command, add: Add): void {
  addBackfill(program, add);
  const backfills = program.command('backfills').description('Lists, shows and steers backfills.').helpCommand(false);
  addLooks(backfills, add);
  addSteering(backfills, add);
}

function addBackfill(program: Command, add: Add): void {
  add(
    program,
    {
      usage: 'backfill',
      temporal: true,
      service: true,
      about: 'Runs a pipeline over many partitions.',
      details: [
        'First it shows what it would do; on a terminal it then asks. Each partition is a run under the id that it always has (flightDelays/2001-01); one of it that is under way is waited for. A partition that fails stops no other. Its runs have the lowest priority, so that others pass them.',
        'With --wait the partitions are shown as a map, a mark each, which is redrawn on a terminal; elsewhere there is a line for each change, and with --json an object a line: started, partition, ended (or detached after Ctrl-C, which leaves the backfill alone). It exits with 1 where partitions have not completed.',
      ],
      examples: [
        'millrace backfill flightDelays --from 2001-01 --to 2001-06 --preview',
        'millrace backfill flightDelays --from 2001-01 --to 2001-06 --only failed --concurrency 2 --wait --yes',
      ],
    },
    async (context, pipeline: string, options: BackfillOptions) =>
      (await import('../commands/backfill.js')).backfill(context, pipeline, options),
  )
    .addArgument(new Argument('<pipeline>', 'a pipeline of the config that has partitions'))
    .requiredOption('--from <partition>', 'the first partition, as 2001-01')
    .requiredOption('--to <partition>', 'the last partition')
    .addOption(
      new Option(
        '--only <which>',
        'missing: never ran, or the latest run has not completed; failed: the latest run ended without completing; all',
      )
        .choices(['missing', 'failed', 'all'])
        .default('missing'),
    )
    .option('--concurrency <n>', 'runs at work at once', parseCount, 2)
    .option('--params <json>', "the runs' parameters besides the partition", parseParams)
    .option('--stop-on-failure', 'begin no further partition once one has failed')
    .option('--preview', 'only show what it would do')
    .option('--wait', 'follow the backfill to its end; Ctrl-C leaves it at work')
    .option('--yes', 'do not ask');
}

function addLooks(backfills: Command, add: Add): void {
  add(
    backfills,
    {
      usage: 'list',
      temporal: true,
      service: true,
      about: 'Lists backfills, the latest first.',
      examples: ['millrace backfills list', 'millrace backfills list --pipeline flightDelays --json'],
    },
    async (context, options: BackfillsOptions) => (await import('../commands/backfills.js')).listBackfills(context, options),
  )
    .option('--pipeline <name>', 'only backfills of this pipeline')
    .option('--limit <n>', 'at most so many', parseCount, 20);
  add(
    backfills,
    {
      usage: 'show',
      temporal: true,
      service: true,
      about: 'Shows a backfill: the map of its partitions, and why those that failed did.',
      examples: [`millrace backfills show ${EXAMPLE}`],
    },
    async (context, id: string) => (await import('../commands/backfills.js')).showBackfill(context, id),
  ).addArgument(backfillArgument());
}

const EXAMPLE = 'backfill/flightDelays/0mf2k1x9c07a1';

function addSteering(backfills: Command, add: Add): void {
  add(
    backfills,
    {
      usage: 'pause',
      temporal: true,
      service: true,
      about: 'Lets a backfill begin no more partitions; those at work finish.',
      examples: [`millrace backfills pause ${EXAMPLE}`],
    },
    async (context, id: string) => (await import('../commands/backfills.js')).steer(context, 'pauseBackfill', id),
  ).addArgument(backfillArgument());
  add(
    backfills,
    {
      usage: 'resume',
      temporal: true,
      service: true,
      about: 'Lets a paused backfill go on.',
      examples: [`millrace backfills resume ${EXAMPLE}`],
    },
    async (context, id: string) => (await import('../commands/backfills.js')).steer(context, 'resumeBackfill', id),
  ).addArgument(backfillArgument());
  addCancel(backfills, add);
  addRetry(backfills, add);
}

function addCancel(backfills: Command, add: Add): void {
  add(
    backfills,
    {
      usage: 'cancel',
      temporal: true,
      service: true,
      about: 'Asks a backfill to end, and its runs at work to stop.',
      details: ['A backfill that had ended stays as it is; that exits with 0 too, and --json says "requested": false.'],
      examples: [`millrace backfills cancel ${EXAMPLE}`, `millrace backfills cancel ${EXAMPLE} --leave-runs`],
    },
    async (context, id: string, options: { readonly leaveRuns?: true }) =>
      (await import('../commands/backfills.js')).cancelBackfill(context, id, options.leaveRuns === true),
  )
    .addArgument(backfillArgument())
    .option('--leave-runs', 'let the runs at work go on');
}

function addRetry(backfills: Command, add: Add): void {
  add(
    backfills,
    {
      usage: 'retry',
      temporal: true,
      service: true,
      about: 'Does partitions again that have not completed.',
      details: [
        'Of a backfill at work these are the failed and cancelled ones; one that has ended is taken up again, under its id, with everything that has not completed.',
      ],
      examples: [`millrace backfills retry ${EXAMPLE} --wait`, `millrace backfills retry ${EXAMPLE} 2001-03 2001-05`],
    },
    async (context, id: string, partitions: readonly string[], options: { readonly wait?: true }) =>
      (await import('../commands/backfills.js')).retryBackfill(context, id, partitions, options.wait === true),
  )
    .addArgument(backfillArgument())
    .argument('[partition...]', 'only these')
    .option('--wait', 'follow the backfill to its end; Ctrl-C leaves it at work');
}

function backfillArgument(): Argument {
  return new Argument('<backfill>', 'its id, as `millrace backfills list` shows it');
}
