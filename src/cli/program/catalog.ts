import type { Command } from 'commander';
import type { Add } from './add.js';

/** Commands about the catalog itself. */
export function addCatalog(program: Command, add: Add): void {
  const catalog = program.command('catalog').helpCommand(false).description('Mends the catalog.');
  add(
    catalog,
    {
      usage: 'rebuild',
      about: 'Fills the catalog from manifests in staging, histories in Temporal and ledgers in destinations.',
      examples: ['millrace catalog rebuild', 'millrace catalog rebuild --json'],
    },
    async (context) => (await import('../commands/rebuild-catalog.js')).rebuild(context),
  );
}
