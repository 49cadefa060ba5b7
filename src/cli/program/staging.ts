import type { Command } from 'commander';
import type { HousekeepingOptions } from '../commands/housekeeping.js';
import type { CleanOptions } from '../commands/staging-clean.js';
import type { Add } from './add.js';
import { parseAge } from './arguments.js';

/** Commands about the staging folder. */
export function addStaging(program: Command, add: Add): void {
  addHousekeeping(program, add);
  const staging = program.command('staging').helpCommand(false).description('Looks at the staging folder and cleans it up.');
  add(
    staging,
    {
      usage: 'ls',
      about: 'Lists the datasets in staging: their size, when they were last used, and by which runs.',
      details: [
        'The dataset that was used longest ago comes first. Below the list is what attempts of steps have written and not committed: those at work, and what killed ones left.',
        'With --json there is an object for each dataset, and one with the totals at the end.',
      ],
      examples: ['millrace staging ls', 'millrace staging ls --json'],
    },
    async (context) => (await import('../commands/staging-ls.js')).listStaging(context),
  );
  add(
    staging,
    {
      usage: 'clean',
      temporal: true,
      about: 'Removes datasets that nothing has used for a while, and what killed attempts have left.',
      details: [
        'A dataset is in use when a step makes it or finds it again, and while a run that used it goes on. What a running run needs is never removed, nor what it has taken over from earlier runs, nor files that a kept dataset reads. Datasets with rejected rows are kept, so that millrace quarantine can show them, unless --quarantine is given.',
        'A retry of a failed run reuses the datasets that it finds. When some of them go, the runs are named: a retry of those does that work anew. Only the catalog tells which runs used a dataset: several projects that share a staging folder must share a catalog.',
        'Nothing is removed while a run goes on that the catalog does not know. When Temporal does not answer, what goes on is taken from the catalog alone, with a warning.',
      ],
      examples: [
        'millrace staging clean --dry-run',
        'millrace staging clean --older-than 7d',
        'millrace staging clean --older-than 90d --quarantine --json',
      ],
    },
    async (context, options: CleanOptions) => (await import('../commands/staging-clean.js')).cleanStaging(context, options),
  )
    .option('--older-than <age>', 'what was last used longer ago than this: 30d, 12h, 10m, 2w (default: 30d)', parseAge)
    .option('--quarantine', 'also what holds rejected rows')
    .option('--dry-run', 'say what would be removed, and remove nothing');
}

function addHousekeeping(program: Command, add: Add): void {
  add(
    program,
    {
      usage: 'housekeeping',
      service: true,
      temporal: true,
      about: "Removes what the config's retention keeps no longer: datasets, logs, archived histories, rows of the catalog.",
      details: [
        'It starts a run of the pipeline housekeeping and waits for its end. What a run that goes on, or a retry of a recent one, could need is never removed, nor the latest completed run of a pipeline and partition. Without retention in the config nothing is removed.',
      ],
      examples: ['millrace housekeeping --dry-run', 'millrace housekeeping --json'],
    },
    async (context, options: HousekeepingOptions) => (await import('../commands/housekeeping.js')).housekeeping(context, options),
  ).option('--dry-run', 'only say what would go');
}
