import type { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import { SERVICE_OPTION } from './service-option.js';
import { TEMPORAL_OPTIONS } from './temporal-options.js';

export interface CommandSpec {
  readonly usage: string;
  /** One sentence, for lists. */
  readonly about: string;
  /** What a person should know besides, a string a paragraph: shown by `--help` and in `docs/cli.md`. */
  readonly details?: readonly string[];
  readonly examples: readonly string[];
  /** Whether it talks to Temporal, and can be told where that is. */
  readonly temporal?: true;
  /** Whether it asks the client service where one is configured, and Temporal itself only otherwise. */
  readonly service?: true;
}

/** Adds a command; `execute` gets the context, the arguments and the options, and gives the exit code. */
export type Add = (
  parent: Command,
  spec: CommandSpec,
  execute: (context: CommandContext, ...rest: never[]) => Promise<number>,
) => Command;

/** Options of every command, and of those that talk to a service or to Temporal, which the reference names once. */
export const COMMON_OPTIONS: readonly string[] = ['--json', '--project', SERVICE_OPTION, ...TEMPORAL_OPTIONS];

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
export function helpAfter({ details = [], examples }: CommandSpec): string {
  const paragraphs = details.map((paragraph) => wrap(paragraph, HELP_WIDTH));
  return `\n${[...paragraphs, ['Examples:', ...examples.map((example) => `  $ ${example}`)].join('\n')].join('\n\n')}`;
}

const HELP_WIDTH = 100;

/** Breaks a text into lines at spaces. A word that is longer than `width` keeps a line of its own. */
export function wrap(text: string, width: number): string {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}
