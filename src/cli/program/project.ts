import { Argument, Option, type Command } from 'commander';
import type { InitFlags } from '../commands/init.js';
import type { Add } from './add.js';

interface BuildFlags {
  readonly out?: string;
  readonly typecheck: boolean;
}

/** Commands that make a project, and make something of it. */
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
