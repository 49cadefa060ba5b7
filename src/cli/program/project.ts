import type { Command } from 'commander';
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
