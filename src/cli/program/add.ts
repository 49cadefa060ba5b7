import type { Command } from 'commander';
import type { CommandContext } from '../command-context.js';

export interface CommandSpec {
  readonly usage: string;
  readonly about: string;
  readonly examples: readonly string[];
}

/** Adds a command; `execute` gets the context, the arguments and the options, and gives the exit code. */
export type Add = (
  parent: Command,
  spec: CommandSpec,
  execute: (context: CommandContext, ...rest: never[]) => Promise<number>,
) => Command;
