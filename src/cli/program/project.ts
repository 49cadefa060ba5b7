import { Argument, Option, type Command } from 'commander';
import type { InitFlags } from '../commands/init.js';
import type { Add } from './add.js';

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
