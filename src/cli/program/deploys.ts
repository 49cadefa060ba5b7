import { Argument, InvalidArgumentError, Option, type Command } from 'commander';
import type { DeployOptions } from '../commands/deploy.js';
import type { MoveOptions } from '../commands/move.js';
import type { ReplayFlags } from '../commands/replay.js';
import type { Add } from './add.js';
import { parseCount, runArgument } from './arguments.js';

const common = { service: true, temporal: true } as const;
const version = (): Argument => new Argument('<version>', 'the build id of a version, as `millrace deploy status` lists it');

/** Commands about the versions of workers. */
export function addDeploys(program: Command, add: Add): void {
  const deploy = program
    .command('deploy')
    .helpCommand(false)
    .description('Looks at the versions of workers, and decides which of them gets new runs.');
  addStatus(deploy, add);
  addPromote(deploy, add);
  addRamp(deploy, add);
  addBack(deploy, add);
  addMove(program, add);
  addReplay(program, add);
}

function withOptions(command: Command): Command {
  return command
    .option('--deployment <name>', "the worker deployment (default: that of the task queue's workers)")
    .option('--dry-run', 'show what would be done, and do nothing')
    .option('--yes', 'agree to it beforehand');
}

function addStatus(deploy: Command, add: Add): void {
  add(
    deploy,
    {
      ...common,
      usage: 'status',
      about: 'Lists the versions: which gets new runs, how many workers and open runs each has.',
      details: ['A version with no open runs can be taken away. A worker that was killed counts for up to 70 s.'],
      examples: ['millrace deploy status', 'millrace deploy status --json'],
    },
    async (context, options: DeployOptions) => (await import('../commands/deploy.js')).status(context, options),
  ).option('--deployment <name>', "the worker deployment (default: that of the task queue's workers)");
}

function addPromote(deploy: Command, add: Add): void {
  withOptions(
    add(
      deploy,
      {
        ...common,
        usage: 'promote',
        about: 'Lets new runs begin on a version; runs that have begun stay with theirs.',
        details: [
          "What is not pinned goes on with it: Millrace's own long-lived workflows, as backfills, and runs that began without a version. Where this folder has the version's code, they are replayed first, and one that would break refuses the promotion. A version without workers is refused.",
        ],
        examples: ['millrace deploy promote 0.1.0-3f9a1c22b0de', 'millrace deploy promote 0.1.0-3f9a1c22b0de --yes'],
      },
      async (context, id: string, options: DeployOptions) =>
        (await import('../commands/deploy.js')).promote(context, id, options),
    ).addArgument(version()),
  ).option('--force', 'do it although open runs do not replay');
}

function addRamp(deploy: Command, add: Add): void {
  withOptions(
    add(
      deploy,
      {
        ...common,
        usage: 'ramp',
        about: 'Lets a share of new runs begin on a version; 0 percent ends that.',
        examples: [
          'millrace deploy ramp 0.1.0-3f9a1c22b0de --percent 10',
          'millrace deploy ramp 0.1.0-3f9a1c22b0de --percent 0 --yes',
        ],
      },
      async (context, id: string, options: DeployOptions & { readonly percent: number }) =>
        (await import('../commands/deploy.js')).ramp(context, id, options),
    )
      .addArgument(version())
      .requiredOption('--percent <share>', 'of new runs, from 0 to 100', parsePercent),
  ).option('--force', 'do it although open runs do not replay');
}

function addBack(deploy: Command, add: Add): void {
  withOptions(
    add(
      deploy,
      {
        ...common,
        usage: 'rollback',
        about: 'Ends the ramp there is; without one, lets new runs begin on the version that was current before.',
        details: ['Runs that began on the newer version stay with it: millrace move takes them elsewhere.'],
        examples: ['millrace deploy rollback', 'millrace deploy rollback --yes'],
      },
      async (context, options: DeployOptions) => (await import('../commands/deploy.js')).rollback(context, options),
    ),
  );
  withOptions(
    add(
      deploy,
      {
        ...common,
        usage: 'unversioned',
        about: 'Lets new runs begin on workers without a version.',
        details: ['Runs that are pinned stay with their versions, whose workers are needed until they have ended.'],
        examples: ['millrace deploy unversioned --yes'],
      },
      async (context, options: DeployOptions) => (await import('../commands/deploy.js')).unversioned(context, options),
    ),
  );
}

function addMove(program: Command, add: Add): void {
  add(
    program,
    {
      ...common,
      usage: 'move',
      about: "Lets an open run go on with another version's code.",
      details: [
        "It shows the version that the run is pinned to and the one that it would get. Where this folder has that version's code, the run is replayed with it first: a run that would break stays where it is.",
      ],
      examples: [
        'millrace move flightDelays/2001-01 --to 0.1.0-3f9a1c22b0de',
        'millrace move flightDelays/2001-01 --to 0.1.0-3f9a1c22b0de --reason "the old machines are gone" --yes',
      ],
    },
    async (context, run: string, options: MoveOptions) => (await import('../commands/move.js')).move(context, run, options),
  )
    .addArgument(runArgument())
    .requiredOption('--to <version>', 'the build id of the version')
    .option('--reason <text>', 'why, kept in the audit')
    .option('--dry-run', 'show what would be done, and do nothing')
    .option('--yes', 'agree to it beforehand')
    .option('--force', 'do it although the run does not replay');
}

function addReplay(program: Command, add: Add): void {
  add(
    program,
    {
      usage: 'replay',
      temporal: true,
      about: 'Replays histories with the code in this folder, and tells which runs would break.',
      details: [
        'From a server it takes the runs of the task queue that are open, and then those that closed last. No step is done. It exits with 1 when a history does not replay.',
        'With --json it prints an object for each history.',
      ],
      examples: [
        'millrace replay',
        'millrace replay --pipeline flightDelays --limit 500',
        'millrace replay --save test/histories',
        'millrace replay --from test/histories',
      ],
    },
    async (context, flags: ReplayFlags) => (await import('../commands/replay.js')).replay(context, flags),
  )
    .addOption(new Option('--from <place>', '`server`, or a folder with histories').default('server'))
    .option('--pipeline <name>', 'of this pipeline only')
    .option('--limit <count>', 'at most so many', parseCount, 100)
    .option('--save <folder>', 'keep the histories there, to be replayed later');
}

function parsePercent(text: string): number {
  const percent = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && percent <= 100) return percent;
  throw new InvalidArgumentError('It must be a number from 0 to 100.');
}
