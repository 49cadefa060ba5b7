import path from 'node:path';
import { buildProgram } from '../program.js';
import { configuredService } from '../configured-service.js';
import { completionOf, type Candidate, type NameKind, type Place } from './candidates.js';

/** Longer than this nobody waits for a tab. */
const PATIENCE_MS = 2_500;

/**
 * Answers a shell's question what may stand at the cursor: a line for each candidate, its value, a tab and a word about it;
 * `:folders` where the shell itself should complete. Whatever goes wrong, there is no answer and no noise.
 */
export async function complete(words: readonly string[]): Promise<void> {
  setTimeout(() => process.exit(0), PATIENCE_MS).unref();
  try {
    const completion = completionOf(
      buildProgram(() => undefined),
      words,
    );
    if (completion.kind === 'folders') print([{ value: ':folders', about: '' }], '');
    if (completion.kind === 'values') print(completion.values, words.at(-1) ?? '');
    if (completion.kind === 'names') {
      const names = await namesOf(completion.names, completion);
      print([...(completion.besides ?? []), ...names], words.at(-1) ?? '');
    }
  } catch {
    // A person is in the middle of a line: no message helps there.
  }
}

/** Of the service that the command itself would ask, or else of the project. */
async function namesOf(kind: NameKind, { project, service }: Place): Promise<Candidate[]> {
  const directory = path.resolve(project);
  const asked = configuredService({ directory, service });
  if (asked && kind !== 'connection') return (await import('./service-names.js')).serviceNames(kind, asked);
  return (await import('./project-names.js')).projectNames(kind, directory);
}

function print(candidates: readonly Candidate[], start: string): void {
  const fitting = candidates.filter(({ value }) => value.startsWith(start) || value.startsWith(':'));
  const lines = fitting.map(({ value, about }) => `${value}\t${about.split('\n')[0]}\n`);
  process.stdout.write(lines.join(''));
}
