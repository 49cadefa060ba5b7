import type { Command } from 'commander';
import type { CommandContext } from '../command-context.js';

export interface CommandSpec {
  readonly usage: string;
  /** One sentence, for lists. */
  readonly about: string;
  /** What a person should know besides, in paragraphs: shown by `--help` and in `docs/cli.md`. Lines of at most 100 characters. */
  readonly details?: string;
  readonly examples: readonly string[];
}

/** Adds a command; `execute` gets the context, the arguments and the options, and gives the exit code. */
export type Add = (
  parent: Command,
  spec: CommandSpec,
  execute: (context: CommandContext, ...rest: never[]) => Promise<number>,
) => Command;

/** Options of every command, which the reference names once. */
export const COMMON_OPTIONS: readonly string[] = ['--json', '--project'];

const SPECS = new WeakMap<Command, CommandSpec>();

/** Remembers what a command was made from. */
export function keepSpec(command: Command, spec: CommandSpec): Command {
  SPECS.set(command, spec);
  return command;
}

/** What a command was made from; `undefined` for a group of commands. */
export function specOf(command: Command): CommandSpec | undefined {
  return SPECS.get(command);
}

/** What `--help` shows below the options. */
export function helpAfter({ details, examples }: CommandSpec): string {
  const shown = `Examples:\n${examples.map((example) => `  $ ${example}`).join('\n')}`;
  return `\n${details === undefined ? '' : `${details}\n\n`}${shown}`;
}
