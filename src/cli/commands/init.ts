import path from 'node:path';
import { createInterface } from 'node:readline';
import { TerminalError } from '../../core/errors.js';
import { initProject } from '../../init/init-project.js';
import type { ResultsPlace } from '../../init/package-manifest.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';

export interface InitFlags {
  readonly to?: ResultsPlace;
  readonly yes?: true;
}

/** Begins a project in a folder. */
export async function init({ output }: CommandContext, folder: string | undefined, flags: InitFlags): Promise<number> {
  const mayAsk = flags.yes !== true && !output.json && process.stdin.isTTY && process.stdout.isTTY;
  const answers = mayAsk ? await ask(folder, flags.to) : { folder, to: flags.to };
  if (answers === undefined) return EXIT.interrupted;
  const made = await initProject(path.resolve(answers.folder || '.'), answers.to ?? 'files');
  const relative = path.relative(process.cwd(), made.directory);
  const there = relative.startsWith('..') ? made.directory : relative;
  const next = [...(there === '' ? [] : [`cd ${there}`]), 'npm install', 'npm test', 'npx millrace dev'];
  output.data({ event: 'created', ...made, next });
  const kept = made.kept.map((file) => `${file} was there and stays as it is${file === '.gitignore' ? IGNORED : ''}.`);
  output.text([`Wrote ${made.written.length} files: ${made.written.join(', ')}.`, ...kept].join('\n'));
  output.text(`Next:\n${next.map((command) => `  ${command}`).join('\n')}`);
  return EXIT.ok;
}

/** Asks for what was not said; nothing when the person ends it with Ctrl-C or Ctrl-D. */
async function ask(
  folder: string | undefined,
  to: ResultsPlace | undefined,
): Promise<{ readonly folder: string; readonly to: ResultsPlace } | undefined> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  // Keeps what was typed ahead, which `question` would lose.
  const lines = terminal[Symbol.asyncIterator]();
  const question = async (text: string): Promise<string | undefined> => {
    terminal.setPrompt(text);
    terminal.prompt();
    const line = await lines.next();
    return line.done === true ? undefined : line.value.trim();
  };
  try {
    const place = folder ?? (await question('Folder of the project (.): '));
    const results = to ?? (place === undefined ? undefined : await question('Results go to: files, postgres (files): '));
    return place === undefined || results === undefined ? undefined : { folder: place, to: parsePlace(results) };
  } finally {
    terminal.close();
  }
}

const IGNORED = '; let it ignore node_modules/, build/, .millrace/ and .env';

function parsePlace(answer: string): ResultsPlace {
  const place = answer || 'files';
  if (place === 'files' || place === 'postgres') return place;
  throw new TerminalError('COMMAND_INVALID', `"${place}" is no place for results: answer files or postgres.`);
}
