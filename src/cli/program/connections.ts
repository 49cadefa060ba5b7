import { Argument, type Command } from 'commander';
import type { Add } from './add.js';

/** Commands about connections. */
export function addConnections(program: Command, add: Add): void {
  const connections = program.command('connections').helpCommand(false).description("Looks at the project's connections.");
  add(
    connections,
    {
      usage: 'check',
      about: 'Connects to each connection and says what answers.',
      details: ['A connection that neither answers nor refuses is given up after 8 seconds.'],
      examples: ['millrace connections check', 'millrace connections check warehouse'],
    },
    async (context, names: readonly string[]) =>
      (await import('../commands/check-connections.js')).checkConnections(context, names),
  ).addArgument(new Argument('[connection...]', 'only these connections'));
}
