import { Argument, type Command } from 'commander';
import type { Add } from './add.js';
import { parseParams, runArgument } from './arguments.js';

interface RunFlags {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly id?: string;
  readonly wait?: true;
}

/** Commands that start and steer runs. */
export function addRuns(program: Command, add: Add): void {
  add(
    program,
    {
      usage: 'run',
      about: 'Starts a run of a pipeline.',
      examples: [
        `millrace run flightDelays --params '{"month":"2001-01"}' --wait`,
        `millrace run flightDelays --params '{"month":"2001-01"}' --id trial --json`,
      ],
    },
    async (context, pipeline: string, options: RunFlags) => (await import('../commands/run.js')).run(context, pipeline, options),
  )
    .addArgument(new Argument('<pipeline>', 'a pipeline of the config'))
    .option('--params <json>', "the run's parameters", parseParams)
    .option('--id <workflow-id>', 'the workflow id (default: the pipeline with its partition, or with an id that sorts by time)')
    .option('--wait', 'follow the run to its end; Ctrl-C leaves it running');
  add(
    program,
    {
      usage: 'retry',
      about: 'Starts a run that takes over what a closed run had finished.',
      examples: [
        'millrace retry flightDelays/2001-01 --wait',
        'millrace retry flightDelays/2001-01 --from transform:delaysByState',
      ],
    },
    async (context, address: string, options: RunFlags & { readonly from?: string }) =>
      (await import('../commands/retry.js')).retry(context, address, options),
  )
    .addArgument(runArgument())
    .option('--from <step>', 'do this step and everything made from it anew (default: what had not finished)')
    .option('--params <json>', 'other parameters than the run had', parseParams)
    .option('--wait', 'follow the run to its end; Ctrl-C leaves it running');
  add(
    program,
    {
      usage: 'cancel',
      about: 'Asks a run to stop. Its steps are interrupted and leave nothing half-loaded.',
      examples: ['millrace cancel flightDelays/2001-01'],
    },
    async (context, address: string) => (await import('../commands/cancel.js')).cancel(context, address),
  ).addArgument(runArgument());
}
