import { Argument, InvalidArgumentError, type Command } from 'commander';
import type { ApplyOptions } from '../commands/apply.js';
import type { RangeOptions } from '../commands/schedules.js';
import type { Add } from './add.js';

/** Commands about when pipelines run by themselves. */
export function addSchedules(program: Command, add: Add): void {
  addApply(program, add);
  const schedules = program
    .command('schedules')
    .helpCommand(false)
    .description('Looks at schedules, pauses them, and starts what they have missed.');
  addListAndShow(schedules, add);
  addPauseAndResume(schedules, add);
  addTrigger(schedules, add);
  addMissedAndFill(schedules, add);
}

const pipeline = (): Argument => new Argument('<pipeline>', 'a pipeline of the config');

function addApply(program: Command, add: Add): void {
  add(
    program,
    {
      usage: 'apply',
      service: true,
      temporal: true,
      about: 'Makes the schedules and triggers in Temporal those of the config.',
      details: [
        'It shows what it creates (+), changes (~, each field before and after), removes (-) and leaves (=), and does it. Schedules and workflows that Millrace has not made for this project are left alone; one whose id is needed is told (!), and the exit code is 1 then.',
        'A schedule that somebody has paused in Temporal stays paused, until `paused` of the config itself changes. To remove schedules or triggers it asks at a terminal, and needs --yes elsewhere.',
      ],
      examples: ['millrace apply', 'millrace apply --dry-run', 'millrace apply --yes --json'],
    },
    async (context, options: ApplyOptions) => (await import('../commands/apply.js')).apply(context, options),
  )
    .option('--dry-run', 'show what would be done, and do nothing')
    .option('--yes', 'agree to the removal of schedules and triggers');
}

function addListAndShow(schedules: Command, add: Add): void {
  add(
    schedules,
    {
      usage: 'list',
      service: true,
      temporal: true,
      about: 'Lists the schedules, with their next time and what became of the last one.',
      examples: ['millrace schedules list', 'millrace schedules list --json'],
    },
    async (context) => (await import('../commands/schedules.js')).list(context),
  );
  add(
    schedules,
    {
      usage: 'show',
      service: true,
      temporal: true,
      about: 'Shows the schedule of a pipeline: what the config would change, its next times, and what became of the last ones.',
      examples: ['millrace schedules show flightDelays'],
    },
    async (context, name: string) => (await import('../commands/schedules.js')).show(context, name),
  ).addArgument(pipeline());
}

function addPauseAndResume(schedules: Command, add: Add): void {
  add(
    schedules,
    {
      usage: 'pause',
      service: true,
      temporal: true,
      about: 'Pauses the schedule of a pipeline. Runs go on, and millrace apply leaves it paused.',
      examples: ['millrace schedules pause flightDelays --reason "the source is being moved"'],
    },
    async (context, name: string, options: { readonly reason?: string }) =>
      (await import('../commands/schedules.js')).pause(context, name, options),
  )
    .addArgument(pipeline())
    .option('--reason <text>', 'why, for whoever asks later');
  add(
    schedules,
    {
      usage: 'resume',
      service: true,
      temporal: true,
      about: 'Lets a paused schedule go on, with its next time.',
      details: ['The times of the pause are missed: millrace schedules fill starts them.'],
      examples: ['millrace schedules resume flightDelays'],
    },
    async (context, name: string, options: { readonly reason?: string }) =>
      (await import('../commands/schedules.js')).resume(context, name, options),
  )
    .addArgument(pipeline())
    .option('--reason <text>', 'why, for whoever asks later');
}

function addTrigger(schedules: Command, add: Add): void {
  add(
    schedules,
    {
      usage: 'trigger',
      service: true,
      temporal: true,
      about: 'Starts what the schedule of a pipeline would start, as if its time had come now.',
      examples: ['millrace schedules trigger flightDelays'],
    },
    async (context, name: string) => (await import('../commands/schedules.js')).trigger(context, name),
  ).addArgument(pipeline());
}

function addMissedAndFill(schedules: Command, add: Add): void {
  add(
    schedules,
    {
      usage: 'missed',
      service: true,
      temporal: true,
      about: 'Lists the times for which no run was started, each with why.',
      details: [
        'They are the times of the schedule as it is today. A run that failed was started; a partition that was run since in another way is not missed.',
      ],
      examples: ['millrace schedules missed', 'millrace schedules missed flightDelays --from 2001-01-01 --to 2001-03-01'],
    },
    async (context, name: string | undefined, options: RangeOptions) =>
      (await import('../commands/schedules.js')).missed(context, name, options),
  )
    .addArgument(new Argument('[pipeline]', 'a pipeline of the config (default: all that have a schedule)'))
    .option('--from <time>', 'times from here on (default: the last 30 days, not before the schedule was made)', parseTime)
    .option('--to <time>', 'and before this (default: now)', parseTime);
  add(
    schedules,
    {
      usage: 'fill',
      service: true,
      temporal: true,
      about: 'Starts the runs that a schedule has missed, one after another.',
      details: ['They are those that millrace schedules missed lists for the same range, without those that wait for a worker.'],
      examples: ['millrace schedules fill flightDelays', 'millrace schedules fill flightDelays --from 2001-01-01T00:00:00Z'],
    },
    async (context, name: string, options: RangeOptions) =>
      (await import('../commands/schedules.js')).fill(context, name, options),
  )
    .addArgument(pipeline())
    .option('--from <time>', 'as for missed', parseTime)
    .option('--to <time>', 'as for missed', parseTime);
}

/** Reads a day, which begins at midnight UTC, or a moment with its zone, as an ISO time. */
function parseTime(text: string): string {
  const isTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  const time = isTime ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return new Date(time).toISOString();
  throw new InvalidArgumentError('It must be a day such as 2026-01-31, or a moment such as 2026-01-31T06:00:00Z.');
}
