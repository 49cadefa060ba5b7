import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { Argument, Command, InvalidArgumentError } from 'commander';
import type { CommandContext } from './command-context.js';
import { openOutput } from './output.js';

interface CommonOptions {
  readonly json?: true;
  readonly project: string;
}

const EXIT_CODES = `
Exit codes: 0 done; 1 the run failed, or data was refused; 2 wrong usage or configuration; 3 not found;
4 a service can't be reached; 130 interrupted.`;

/**
 * The command line of `millrace`. A command's code is loaded when it is used, so that help is there at once.
 *
 * @param finish takes the exit code of the command that ran
 */
export function buildProgram(finish: (exitCode: number) => void): Command {
  const program = new Command('millrace')
    .description('Runs data pipelines on Temporal and DuckDB.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .addHelpText('after', EXIT_CODES);

  const add: Add = (parent, spec, execute) =>
    parent
      .command(spec.usage)
      .description(spec.about)
      .option('--json', 'print JSON for scripts')
      .option('--project <dir>', "the project's folder", '.')
      .addHelpText('after', `\nExamples:\n${spec.examples.map((example) => `  $ ${example}`).join('\n')}`)
      .action(async (...received: unknown[]) => {
        const command = received.pop() as Command;
        const options = command.opts<CommonOptions>();
        const context = { output: openOutput(options.json === true), directory: resolve(options.project) };
        finish(await execute(context, ...(received as never[])));
      });

  addServers(program, add);
  addRuns(program, add);
  addLooks(program, add);
  return program;
}

interface CommandSpec {
  readonly usage: string;
  readonly about: string;
  readonly examples: readonly string[];
}

/** Adds a command; `execute` gets the context, the arguments and the options, and gives the exit code. */
type Add = (
  parent: Command,
  spec: CommandSpec,
  execute: (context: CommandContext, ...rest: never[]) => Promise<number>,
) => Command;

function addServers(program: Command, add: Add): void {
  add(
    program,
    {
      usage: 'dev',
      about: 'Starts Temporal, a Postgres, and the worker, does the runs of the config, and stays up.',
      examples: ['millrace dev', 'millrace dev --once'],
    },
    async (context, options: DevFlags) => (await import('./commands/dev.js')).dev(context, options),
  )
    .option('--once', 'exit after the runs: 0 when all of them succeeded')
    .option('--temporal-port <port>', "the port of Temporal's server (default: 7233, or a free one)", parseCount)
    .option('--ui-port <port>', "the port of Temporal's web UI (default: 8233, or a free one)", parseCount)
    .option('--postgres-port <port>', 'the port of the Postgres server (default: a free one)', parseCount);
  add(
    program,
    {
      usage: 'worker',
      about: "Runs the project's worker until Ctrl-C.",
      examples: ['millrace worker', 'millrace worker --project ./flights'],
    },
    async (context) => (await import('./commands/worker.js')).worker(context),
  );
}

interface DevFlags {
  readonly once?: true;
  readonly temporalPort?: number;
  readonly uiPort?: number;
  readonly postgresPort?: number;
}

interface RunFlags {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly id?: string;
  readonly wait?: true;
}

function addRuns(program: Command, add: Add): void {
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
    async (context, pipeline: string, options: RunFlags) => (await import('./commands/run.js')).run(context, pipeline, options),
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
      (await import('./commands/retry.js')).retry(context, address, options),
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
    async (context, address: string) => (await import('./commands/cancel.js')).cancel(context, address),
  ).addArgument(runArgument());
}

function addLooks(program: Command, add: Add): void {
  add(
    program,
    {
      usage: 'runs',
      about: 'Lists runs, latest first.',
      examples: ['millrace runs', 'millrace runs --pipeline flightDelays --status failed', 'millrace runs --json | head -1'],
    },
    async (context, options: { readonly limit: number; readonly pipeline?: string; readonly status?: string }) =>
      (await import('./commands/runs.js')).runs(context, options),
  )
    .option('--pipeline <name>', 'only runs of this pipeline')
    .option('--status <status>', 'only running, completed, failed or cancelled runs')
    .option('--limit <n>', 'at most so many', parseCount, 20);
  add(
    program,
    {
      usage: 'show',
      about: 'Shows a run: its state, its steps, their rows and times.',
      examples: ['millrace show flightDelays/2001-01'],
    },
    async (context, address: string) => (await import('./commands/show.js')).show(context, address),
  ).addArgument(runArgument());
  add(
    program,
    {
      usage: 'quarantine',
      about: 'Shows the rejected rows of a run: why, how many, and examples with their place in the source.',
      examples: ['millrace quarantine flightDelays/2001-01', 'millrace quarantine flightDelays/2001-01 --limit 100 --json'],
    },
    async (context, address: string, options: { readonly limit: number }) =>
      (await import('./commands/quarantine.js')).quarantine(context, address, options),
  )
    .addArgument(runArgument())
    .option('--limit <n>', 'examples for each step', parseCount, 10);
  const connections = program.command('connections').helpCommand(false).description("Looks at the project's connections.");
  add(
    connections,
    {
      usage: 'check',
      about: 'Connects to each connection and says what answers.',
      examples: ['millrace connections check', 'millrace connections check warehouse'],
    },
    async (context, names: readonly string[]) =>
      (await import('./commands/check-connections.js')).checkConnections(context, names),
  ).addArgument(new Argument('[name...]', 'only these connections'));
}

function runArgument(): Argument {
  return new Argument('<run>', 'a workflow id, for its latest run, or id@runId for one execution');
}

function parseParams(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`It is not JSON: ${(error as Error).message}.`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new InvalidArgumentError('Parameters are a JSON object, as {"month":"2001-01"}.');
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new InvalidArgumentError('It must be a whole number above 0.');
}

function version(): string {
  return (createRequire(import.meta.url)('millrace/package.json') as { readonly version: string }).version;
}
