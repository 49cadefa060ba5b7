import type { Command } from 'commander';
import { Argument } from 'commander';
import type { Add } from './add.js';
import { parseCount } from './arguments.js';

interface DatasetFlags {
  readonly name?: string;
  readonly contract?: string;
  readonly pipeline?: string;
  readonly limit: number;
}

/** Commands that look at what there is: pipelines and datasets. */
export function addCatalogLooks(program: Command, add: Add): void {
  add(
    program,
    {
      usage: 'pipelines',
      service: true,
      temporal: true,
      about: 'Lists the pipelines, or shows one with its parameters and latest runs.',
      examples: ['millrace pipelines', 'millrace pipelines flightDelays', 'millrace pipelines flightDelays --json'],
    },
    async (context, name: string | undefined) => (await import('../commands/pipelines.js')).pipelines(context, name),
  ).addArgument(new Argument('[pipeline]', 'a pipeline of the config'));
  add(
    program,
    {
      usage: 'datasets',
      service: true,
      about: 'Lists datasets, latest first, or shows one with its columns, lineage, quality and loads.',
      examples: ['millrace datasets --pipeline flightDelays', 'millrace datasets --contract StateDelay --limit 5 --json'],
    },
    async (context, uri: string | undefined, options: DatasetFlags) =>
      (await import('../commands/datasets.js')).datasets(context, uri, options),
  )
    .addArgument(new Argument('[uri]', 'a dataset, as the list and millrace show --json name it'))
    .option('--name <name>', 'only datasets of this name')
    .option('--contract <name>', 'only those of this contract')
    .option('--pipeline <name>', 'only those that runs of this pipeline made or found')
    .option('--limit <n>', 'at most so many', parseCount, 20);
}
