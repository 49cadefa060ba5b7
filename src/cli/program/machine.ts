import { Argument, type Command } from 'commander';
import { SHELLS, type Shell } from '../complete/scripts.js';
import type { Add } from './add.js';

/** Commands that prepare a machine. */
export function addMachine(program: Command, add: Add): void {
  add(
    program,
    {
      usage: 'setup',
      about: "Fetches what Millrace needs beside npm's packages: Temporal's command line, and DuckDB's extensions.",
      details: [
        'Without it, each is fetched when it is first needed. What is there already is left alone. Where one cannot be had, it says what was tried and the ways there are, goes on with the others, and exits with 4.',
        'With --offline they go into a folder, for machines without a network of the same operating system and processor. Copy the folder there and set MILLRACE_CACHE_DIR to it. In production, where only the extensions are needed, the config can name them instead: engine.extensionsDirectory, with the folder duckdb-extensions in it.',
      ],
      examples: ['millrace setup', 'millrace setup postgres_scanner', 'millrace setup --offline ./millrace-offline'],
    },
    async (context, parts: readonly string[], options: { readonly offline?: string }) =>
      (await import('../commands/setup.js')).setup(context, parts, options),
  )
    .addArgument(new Argument('[part...]', 'only these').choices(['temporal', 'postgres_scanner', 'httpfs', 'sqlite_scanner']))
    .option('--offline <dir>', 'fill this folder instead of the cache');
  add(
    program,
    {
      usage: 'completion',
      about: 'Prints the script with which a shell completes commands, options, and names of pipelines, runs and connections.',
      details: [
        'Bash: add eval "$(millrace completion bash)" to ~/.bashrc. Zsh: add eval "$(millrace completion zsh)" to ~/.zshrc, after compinit. Fish: add millrace completion fish | source to ~/.config/fish/config.fish.',
        'It completes the command millrace, so the program must be on PATH: installed globally, or by a PATH with node_modules/.bin. Names are those of the project in the current folder, or of --project. Names of pipelines and connections may be five minutes old.',
      ],
      examples: ['millrace completion bash', 'millrace completion zsh', 'millrace completion fish'],
    },
    async (context, shell: Shell) => (await import('../commands/completion.js')).completion(context, shell),
  ).addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(SHELLS));
}
