import { Argument, Option, type Command } from 'commander';
import type { ConflictPolicy } from '../../temporal/start-run.js';
import type { RetryOptions } from '../commands/retry.js';
import type { Add } from './add.js';
import { parseParams, runArgument } from './arguments.js';

interface RunFlags {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly id?: string;
  readonly wait?: true;
  readonly onConflict?: ConflictPolicy;
  readonly idempotencyKey?: string;
}

/** Commands that start and steer runs. */
export function addRuns(program: Command, add: Add): void {
  addRun(program, add);
  addRetry(program, add);
  addCancel(program, add);
}

function addRun(program: Command, add: Add): void {
  add(
    program,
    {
      usage: 'run',
      service: true,
      temporal: true,
      about: 'Starts a run of a pipeline.',
      details: [
        'Without --id, the run of a partition is called pipeline/partition (flightDelays/2001-01), and any other run pipeline- with an id that sorts by time. While an id is running, --on-conflict says what happens: reject refuses, reuse shows the running one, replace cancels it and starts another. A closed one gets another run.',
        'With --idempotency-key a repeated start gives the run of the first one, running or closed, for as long as Temporal keeps it.',
        'With --wait the steps are shown as they go: a table that is redrawn on a terminal, a line for each change elsewhere, an object a line with --json. Ctrl-C leaves the run alone and prints how to cancel it. When no worker polls the task queue, that is said after a second, and the run waits for one.',
        `With --json the first object's event is "started", that of each change "step", and the last one's "ended" (with status and result or error), or "detached" after Ctrl-C. Without --wait there is the first one only, unless the run refused to begin.`,
      ],
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
    .addOption(
      new Option(
        '--on-conflict <policy>',
        "while a run of that id is running (default: the pipeline's onConflict, or reject)",
      ).choices(['reuse', 'reject', 'replace']),
    )
    .option('--idempotency-key <key>', 'starts with the same key give one run')
    .option('--wait', 'follow the run to its end; Ctrl-C leaves it running');
}

function addRetry(program: Command, add: Add): void {
  add(
    program,
    {
      usage: 'retry',
      service: true,
      temporal: true,
      about: 'Starts a run that takes over what a closed run had finished.',
      details: [
        "The new run has today's code. Its loads carry the ids of the run that is retried, so what that one had loaded is not loaded twice. A step is named by its id (load:warehouse.delays) or its name.",
        'With --override-audit the load of that step is published although its audit failed in the run that is retried. The audit is asked again, and what it finds is kept; the reason, and who gave it, are kept in the catalog and shown by millrace show.',
      ],
      examples: [
        'millrace retry flightDelays/2001-01 --wait',
        'millrace retry flightDelays/2001-01 --from transform:delaysByState',
        'millrace retry flightDelays/2001-01 --override-audit load:warehouse.delays --reason "a strike: half the flights are right"',
      ],
    },
    async (context, address: string, options: RetryOptions) =>
      (await import('../commands/retry.js')).retry(context, address, options),
  )
    .addArgument(runArgument())
    .option('--from <step>', 'do this step and everything made from it anew (default: what had not finished)')
    .option('--override-audit <step>', 'publish this load in spite of its audit, which failed')
    .option('--reason <text>', 'with --override-audit: why')
    .option('--as <name>', 'with --override-audit: who says so (default: your user name)')
    .option('--params <json>', 'other parameters than the run had', parseParams)
    .option('--wait', 'follow the run to its end; Ctrl-C leaves it running');
}

function addCancel(program: Command, add: Add): void {
  add(
    program,
    {
      usage: 'cancel',
      service: true,
      temporal: true,
      about: 'Asks a run to stop. Its steps are interrupted and leave nothing half-loaded.',
      details: ['A run that had ended stays as it is; that exits with 0 too, and --json says "requested": false.'],
      examples: ['millrace cancel flightDelays/2001-01'],
    },
    async (context, address: string) => (await import('../commands/cancel.js')).cancel(context, address),
  ).addArgument(runArgument());
}
