import path from 'node:path';
import { createInterface } from 'node:readline/promises';
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
  const questions = mayAsk ? createInterface({ input: process.stdin, output: process.stdout }) : undefined;
  try {
    const place = folder ?? (await questions?.question('Folder of the project (.): ')) ?? '';
    const to = flags.to ?? parsePlace((await questions?.question('Results go to: files, postgres (files): ')) ?? '');
    const made = await initProject(path.resolve(place || '.'), to);
    const relative = path.relative(process.cwd(), made.directory);
    const next = [
      ...(relative === '' ? [] : [`cd ${relative.startsWith('..') ? made.directory : relative}`]),
      'npm install',
      'npm test',
      'npx millrace dev',
    ];
    output.data({ event: 'created', ...made, next });
    const kept = made.kept.map((file) => `${file} was there and stays as it is${file === '.gitignore' ? IGNORED : ''}.`);
    output.text([`Wrote ${made.written.length} files: ${made.written.join(', ')}.`, ...kept].join('\n'));
    output.text(`Next:\n${next.map((command) => `  ${command}`).join('\n')}`);
    return EXIT.ok;
  } finally {
    questions?.close();
  }
}

const IGNORED = '; let it ignore node_modules/, build/, .millrace/ and .env';

function parsePlace(answer: string): ResultsPlace {
  const place = answer.trim() || 'files';
  if (place === 'files' || place === 'postgres') return place;
  throw new TerminalError('COMMAND_INVALID', `"${place}" is no place for results: answer files or postgres.`);
}
