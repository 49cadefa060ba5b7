import type { Command } from 'commander';
import type { Add } from './add.js';

export function addHealth(program: Command, add: Add): void {
  add(
    program,
    {
      usage: 'health',
      service: true,
      temporal: true,
      about: 'Tells whether Temporal, the catalog and a worker are there; exits with 4 when one is not.',
      examples: ['millrace health', 'millrace health --service https://millrace.example.com'],
    },
    async (context) => (await import('../commands/health.js')).health(context),
  );
}
