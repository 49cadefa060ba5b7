import { Argument, Option, type Command } from 'commander';
import type { InitFlags } from '../commands/init.js';
import type { Add } from './add.js';
import { parseParams } from './arguments.js';

interface BuildFlags {
  readonly out?: string;
  readonly typecheck: boolean;
}

/** Commands that make a project, look at it, and make something of it. */
export function addProject(program: Command, add: Add): void {
  add(
    program,
    {
      usage: 'init',
      about: 'Writes a small project that type-checks, tests and runs.',
      details: [
        'The folder is made when it is missing. Nothing in it is overwritten: files in the way are an error that names them, a package.json gets what it lacks, a README.md and a .gitignore stay. At a terminal it asks for what the command line does not say.',
      ],
      examples: ['millrace init', 'millrace init shop --to postgres --yes'],
    },
    async (context, folder: string | undefined, options: InitFlags) =>
      (await import('../commands/init.js')).init(context, folder, options),
  )
    .addArgument(new Argument('[dir]', 'the folder of the project (default: the current one)'))
    .addOption(
      new Option(
        '--to <place>',
        'where its results go: CSV files, or a Postgres that `millrace dev` starts (default: files)',
      ).choices(['files', 'postgres']),
    )
    .option('--yes', 'ask nothing');
  add(
    program,
    {
      usage: 'check',
      about: 'Looks for everything that is wrong with the project, as the worker does before it starts.',
      details: [
        'It type-checks the project with its own TypeScript, bundles the pipelines and compares their names, compiles the contracts, binds the SQL of the transforms to empty tables, and tries the connections. Everything that is wrong is told at once, with file and line. It needs no Temporal and starts nothing. The exit code is 0 when the project is sound, warnings or not, and 2 otherwise.',
      ],
      examples: ['millrace check', 'millrace check --no-connections --json'],
    },
    async (context, options: { readonly connections: boolean }) => (await import('../commands/check.js')).check(context, options),
  ).option('--no-connections', 'leave out what a CI machine lacks: environment variables, connections, extensions of DuckDB');
  addPlan(program, add);
  add(
    program,
    {
      usage: 'build',
      about: 'Compiles the project for production: a worker of it needs no TypeScript and starts at once.',
      details: [
        'It type-checks the project with its own TypeScript, compares names, bundles the pipelines, and writes them with the compiled config, contracts, transforms and SQL. Run the result with `millrace worker --project build`; folders in the config still count from the folder of the project.',
      ],
      examples: ['millrace build', 'millrace build --out dist --no-typecheck'],
    },
    async (context, options: BuildFlags) => (await import('../commands/build.js')).build(context, options),
  )
    .option('--out <dir>', "the folder to write, within the project's (default: build)")
    .option('--no-typecheck', "don't type-check first");
}

function addPlan(program: Command, add: Add): void {
  add(
    program,
    {
      usage: 'plan',
      about: 'Shows what a run of a pipeline would do: its steps, what it would read, and where it would write.',
      details: [
        "The pipeline's function is run over steps that only look: at the names and sizes of files, the headers of CSV files, the footers of Parquet files, the catalogs of databases. No row is read, nothing is written, and no Temporal is needed. Steps of one stage run side by side.",
        'A plan ends early where the pipeline decides by what only a run knows, as the number of rows. A system that does not answer is a warning.',
        'The exit code is 0, or 1 when the run would fail.',
      ],
      examples: [
        `millrace plan flightDelays --params '{"month":"2001-01"}'`,
        `millrace plan flightDelays --params '{"month":"2001-01"}' --json`,
      ],
    },
    async (context, pipeline: string, options: { readonly params?: Readonly<Record<string, unknown>> }) =>
      (await import('../commands/plan.js')).plan(context, pipeline, options),
  )
    .addArgument(new Argument('<pipeline>', 'a pipeline of the config'))
    .option('--params <json>', "the run's parameters", parseParams);
}
