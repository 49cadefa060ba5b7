import { Option, type Command } from 'commander';
import { RUN_STATES } from '../../core/run-states.js';
import type { HistoryOptions } from '../commands/history.js';
import type { RunsOptions } from '../commands/runs.js';
import type { Add } from './add.js';
import { parseCount, runArgument } from './arguments.js';

/** Commands that look at runs. */
export function addLooks(program: Command, add: Add): void {
  addLists(program, add);
  addLogs(program, add);
  addHistory(program, add);
}

function addHistory(program: Command, add: Add): void {
  add(
    program,
    {
      usage: 'history',
      service: true,
      temporal: true,
      about: "Lists the events of a run's history, or saves them.",
      details: [
        "They come from Temporal, and from the archive once Temporal has forgotten the run. With --json each line is an object: id, at, type, and event as Temporal's own export has it; payloads that somebody has encrypted stay so.",
        'With --save the history is written to a file as `temporal workflow show --output json` writes it, compressed if its name ends in .gz: replayHistories() of millrace/testing takes both.',
      ],
      examples: ['millrace history flightDelays/2001-01', 'millrace history flightDelays/2001-01 --save january.json.gz'],
    },
    async (context, address: string, options: HistoryOptions) =>
      (await import('../commands/history.js')).history(context, address, options),
  )
    .addArgument(runArgument())
    .option('--save <file>', 'write the history to this file');
}

function addLists(program: Command, add: Add): void {
  add(
    program,
    {
      usage: 'runs',
      service: true,
      temporal: true,
      about: 'Lists runs, latest first.',
      details: [
        'Of the runs that the catalog has as running, Temporal is asked how they are; --status goes by its answer. So "paused" is what Temporal itself has paused: a run that millrace pause holds is running, and millrace show says that it is paused.',
      ],
      examples: ['millrace runs', 'millrace runs --pipeline flightDelays --status failed', 'millrace runs --json | head -1'],
    },
    async (context, options: RunsOptions) => (await import('../commands/runs.js')).runs(context, options),
  )
    .option('--pipeline <name>', 'only runs of this pipeline')
    .addOption(new Option('--status <status>', 'only runs in this state').choices(RUN_STATES))
    .option('--limit <n>', 'at most so many', parseCount, 20);
  add(
    program,
    {
      usage: 'show',
      service: true,
      temporal: true,
      about: 'Shows a run: its state, its steps, their rows and times.',
      details: [
        "The state comes from Temporal; rows, rejected rows, times, targets and errors come from the catalog. When Temporal has forgotten the run or can't be reached, the catalog alone is shown, and a line on stderr says so.",
      ],
      examples: ['millrace show flightDelays/2001-01'],
    },
    async (context, address: string) => (await import('../commands/show.js')).show(context, address),
  ).addArgument(runArgument());
}

function addLogs(program: Command, add: Add): void {
  add(
    program,
    {
      usage: 'logs',
      service: true,
      temporal: true,
      about: 'Prints what a run did and logged, line by line.',
      details: [
        "The lines are the run's beginning and end, each attempt of each step with what came of it, what the pipeline logged with run.log, warnings of steps, and what was done to the run from outside (cancellations, termination, signals, updates, resets). Times are UTC.",
        'They come from the catalog, so they outlive the worker; what was done from outside comes from Temporal, as long as it keeps the history. With --json each line is an object: at, level, source (run, step, pipeline or temporal), step, attempt, message, facts, id.',
        'With --follow it goes on until the run has ended, and exits with 0 however that was. Ctrl-C ends the following and leaves the run alone.',
      ],
      examples: [
        'millrace logs flightDelays/2001-01',
        'millrace logs flightDelays/2001-01 -f',
        'millrace logs flightDelays/2001-01 --json',
      ],
    },
    async (context, address: string, options: { readonly follow?: boolean }) =>
      (await import('../commands/logs.js')).logs(context, address, options),
  )
    .addArgument(runArgument())
    .option('-f, --follow', 'go on until the run has ended');
}
