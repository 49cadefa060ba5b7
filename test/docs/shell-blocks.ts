import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommanderError, type Command } from 'commander';
import { buildProgram } from '../../src/cli/program.js';
import { specOf } from '../../src/cli/program/add.js';
import { ROOT } from '../architecture/imports.js';

const SCRIPTS = (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }).scripts;

/** What is wrong with a line of a shell block, as far as it calls `millrace` or one of our npm scripts; else `undefined`. */
export async function complaintAbout(line: string): Promise<string | undefined> {
  for (const command of commandsIn(line)) {
    const words = command[0] === 'npx' ? command.slice(1).filter((word) => word !== '--no-install') : command;
    const script = words[0] === 'npm' ? scriptOf(words) : undefined;
    if (script !== undefined && !(script in SCRIPTS)) return `package.json has no script "${script}"`;
    if (words[0] !== 'millrace') continue;
    const complaint = await parse(words.slice(1));
    if (complaint !== undefined) return complaint;
  }
  return undefined;
}

/** The lines of a block that are commands: without prompts, comments and blank lines, with continued lines joined. */
export function shellLines(text: string): string[] {
  return text
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => line.trim().replace(/^\$ /, ''))
    .filter((line) => line !== '' && !line.startsWith('#'));
}

function scriptOf([, verb, name]: readonly string[]): string | undefined {
  if (verb === 'start' || verb === 'test') return verb;
  return verb === 'run' ? name : undefined;
}

async function parse(words: readonly string[]): Promise<string | undefined> {
  const program = buildProgram(() => undefined);
  disarm(program);
  try {
    await program.parseAsync(words, { from: 'user' });
    return undefined;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return undefined;
    return `millrace ${words.join(' ')}: ${(error as Error).message}`;
  }
}

// Commands are understood, and not executed.
function disarm(command: Command): void {
  command.exitOverride().configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  if (specOf(command)) command.action(() => undefined);
  for (const each of command.commands) disarm(each);
}

/** The words of each command of a line: those between `&&`, `||`, `;` and `|`, without assignments and redirections. */
function commandsIn(line: string): string[][] {
  const commands: string[][] = [[]];
  for (const [token, single, double] of line.matchAll(
    /'([^']*)'|"([^"]*)"|#.*$|\d?>>?\s*\S+|&&|\|\|?|;|&|(?:[^\s'"|;&]|\\.)+/g,
  )) {
    if (token.startsWith('#')) break;
    if (/^\d?>/.test(token)) continue;
    if (/^(&&|\|\|?|;|&)$/.test(token)) commands.push([]);
    else commands.at(-1)?.push(single ?? double ?? token);
  }
  return commands
    .map((words) => words.slice(words.findIndex((word) => !/^\w+=/.test(word))))
    .filter(([first]) => first !== undefined);
}
