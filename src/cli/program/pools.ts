import { Argument, type Command } from 'commander';
import type { Add } from './add.js';

/** Commands about pools. */
export function addPools(program: Command, add: Add): void {
  const pools = program.command('pools').description('Lists and shows pools, and frees slots.').helpCommand(false);
  add(
    pools,
    {
      usage: 'list',
      temporal: true,
      service: true,
      about: 'Lists the pools: how many slots are taken, and how many steps wait.',
      examples: ['millrace pools list', 'millrace pools list --json'],
    },
    async (context) => (await import('../commands/pools.js')).listPools(context),
  );
  add(
    pools,
    {
      usage: 'show',
      temporal: true,
      service: true,
      about: 'Shows a pool: who holds its slots, and who waits for them.',
      examples: ['millrace pools show warehouse'],
    },
    async (context, name: string) => (await import('../commands/pools.js')).showPool(context, name),
  ).addArgument(poolArgument());
  addFree(pools, add);
}

function addFree(pools: Command, add: Add): void {
  add(
    pools,
    {
      usage: 'free',
      temporal: true,
      service: true,
      about: 'Frees a slot whose run has closed.',
      details: [
        'It is seldom needed: a slot is freed by itself, however its run ends, once its step has surely stopped. With --force the slot of an open run is freed too. Its step may go on, and then more steps are at work than the pool allows; its next attempt asks for a slot again.',
      ],
      examples: ['millrace pools free warehouse flightDelays/2001-01 --reason "its worker is gone for good"'],
    },
    async (context, pool: string, slot: string, options: { readonly reason: string; readonly force?: true }) =>
      (await import('../commands/pools.js')).freeSlot(context, pool, slot, options),
  )
    .addArgument(poolArgument())
    .argument('<slot>', 'its name, as `millrace pools show` has it, or the id of the run that holds it')
    .requiredOption('--reason <text>', 'why; it stands in the audit')
    .option('--force', 'also where the run is open');
}

function poolArgument(): Argument {
  return new Argument('<pool>', 'its name in the config');
}
