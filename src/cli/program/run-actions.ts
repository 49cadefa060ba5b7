import { Argument, type Command } from 'commander';
import type { MarkOptions } from '../commands/mark.js';
import type { Add } from './add.js';
import { parseParams, runArgument } from './arguments.js';

interface Why {
  readonly reason?: string;
}

/** Commands for what happens to a run that has begun, besides cancelling and retrying it. */
export function addRunActions(program: Command, add: Add): void {
  addPause(program, add);
  addDecide(program, add);
  addTerminate(program, add);
  addMark(program, add);
}

function addPause(program: Command, add: Add): void {
  const common = { service: true, temporal: true } as const;
  add(
    program,
    {
      ...common,
      usage: 'pause',
      about: 'Lets a run start no more steps; those at work finish.',
      details: [
        'It stays paused through restarts and deploys. Who asks is kept with the run: your user name, or what the token is named. Without a worker that could answer it is refused at once, with exit code 4.',
      ],
      examples: [
        'millrace pause flightDelays/2001-01',
        'millrace pause flightDelays/2001-01 --reason "the source is being reloaded"',
      ],
    },
    async (context, run: string, options: Why) => (await import('../commands/steer.js')).pause(context, run, options),
  )
    .addArgument(runArgument())
    .option('--reason <text>', 'why, kept with the run');
  add(
    program,
    {
      ...common,
      usage: 'resume',
      about: 'Lets a paused run go on.',
      examples: ['millrace resume flightDelays/2001-01'],
    },
    async (context, run: string, options: Why) => (await import('../commands/steer.js')).resume(context, run, options),
  )
    .addArgument(runArgument())
    .option('--reason <text>', 'why, kept with the run');
}

function addDecide(program: Command, add: Add): void {
  add(
    program,
    {
      usage: 'decide',
      service: true,
      temporal: true,
      about: "Decides about a step that has failed and waits, as one with onFailure: 'wait' does.",
      details: [
        'With retry it is done anew, with all its attempts; with skip the run goes on without it and what is made of it, which needs a reason; with abort it fails with its own error. A step is named by its id (load:warehouse.delays) or its name. millrace show says which steps wait, and why.',
      ],
      examples: [
        'millrace decide flightDelays/2001-01 extract:flights retry',
        'millrace decide flightDelays/2001-01 extract:flights skip --reason "no flights on that day"',
      ],
    },
    async (context, run: string, step: string, decision: 'retry' | 'skip' | 'abort', options: Why) =>
      (await import('../commands/steer.js')).decide(context, run, step, decision, options),
  )
    .addArgument(runArgument())
    .addArgument(new Argument('<step>', 'the step that waits'))
    .addArgument(new Argument('<decision>', 'what becomes of it').choices(['retry', 'skip', 'abort']))
    .option('--reason <text>', 'why, kept with the run; to skip needs one');
}

function addTerminate(program: Command, add: Add): void {
  add(
    program,
    {
      usage: 'terminate',
      service: true,
      temporal: true,
      about: 'Ends a run where it stands, also without a worker. Nothing of it is cleaned up.',
      details: [
        'millrace cancel is the better way wherever a worker can answer: it interrupts the steps and leaves nothing half-loaded.',
      ],
      examples: ['millrace terminate flightDelays/2001-01 --reason "its worker is gone for good"'],
    },
    async (context, run: string, options: Required<Why>) =>
      (await import('../commands/steer.js')).terminate(context, run, options),
  )
    .addArgument(runArgument())
    .requiredOption('--reason <text>', 'why, kept in the history');
}

function addMark(program: Command, add: Add): void {
  add(
    program,
    {
      usage: 'mark',
      service: true,
      temporal: true,
      about:
        'Starts a run that takes over what a closed run had finished, and counts one more of its steps as done, with a given dataset.',
      details: [
        'The step is one that makes a dataset and did not finish; the dataset is a staged one, by the uri that millrace show --json and the catalog have. It has to be whole, and to fit what the step was to make: otherwise the run fails at once. What is made of the step is made of that dataset.',
      ],
      examples: [
        `millrace mark flightDelays/2001-01 extract:flights datasets/ab/ab12/manifest.json --reason "the source has lost the month"`,
      ],
    },
    async (context, run: string, step: string, dataset: string, options: MarkOptions) =>
      (await import('../commands/mark.js')).mark(context, run, step, dataset, options),
  )
    .addArgument(runArgument())
    .addArgument(new Argument('<step>', 'the step that counts as done'))
    .addArgument(new Argument('<dataset>', 'the uri of a staged dataset'))
    .requiredOption('--reason <text>', 'why, kept with the run')
    .option('--params <json>', 'other parameters than the run had', parseParams)
    .option('--wait', 'follow the run to its end; Ctrl-C leaves it running');
}
