import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { GROUPS } from '../../scripts/docs/error-reference.js';
import { ERROR_CODES, type ErrorCode } from '../../src/core/error-codes.js';
import { ROOT, sourceFiles } from '../architecture/imports.js';
import { documents } from './documents.js';

const CODES = Object.keys(ERROR_CODES) as ErrorCode[];

/** The code by which errors are raised, with its file: neither the table itself nor the table of exit codes. */
const SOURCES = [...sourceFiles('src', 'activities', 'workflows'), 'bin/millrace.js']
  .filter((file) => !file.startsWith('src/core/error-codes') && file !== 'src/cli/exit-codes.ts')
  .map((file) => ({ file, source: readFileSync(join(ROOT, file), 'utf8') }));

test('the groups of the reference hold every code, each once', () => {
  expect(GROUPS.flatMap(([, codes]) => Object.keys(codes)).toSorted()).toEqual(CODES.toSorted());
});

test.each(CODES)('%s is raised somewhere', (code) => {
  expect(SOURCES.filter(({ source }) => source.includes(`'${code}'`))).not.toEqual([]);
});

test('an error is raised in the way that the table says: terminal or transient', () => {
  const wrong = SOURCES.flatMap(({ file, source }) =>
    [...source.matchAll(/new (Terminal|Transient)Error\(\s*'([A-Z_]+)'/g)]
      // Whether the unexpected is worth another try depends on where it turns up.
      .filter(([, , code]) => code !== 'INTERNAL')
      .filter(([, kind, code]) => ERROR_CODES[code as ErrorCode]?.retryable !== (kind === 'Transient'))
      .map(([, kind, code]) => `${file}: ${code} as ${kind}Error`),
  );
  expect(wrong).toEqual([]);
});

test('what the table says is sentences', () => {
  const odd = Object.entries(ERROR_CODES).filter(
    ([, { cause, remedy }]) => ![cause, remedy].every((text) => /^[A-Z].*\.$/.test(text)),
  );
  expect(odd.map(([code]) => code)).toEqual([]);
});

test('no page speaks of a code that there is not', () => {
  const known: ReadonlySet<string> = new Set(CODES);
  // Decisions speak of the code's own constants too.
  const pages = documents().filter(({ path }) => !path.startsWith('docs/decisions/'));
  const unknown = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/\[([A-Z]+_[A-Z_]+)\](?!\()|`([A-Z]+(?:_[A-Z]+)+)`/g)]
      .map(([, bracketed, quoted]) => bracketed ?? quoted ?? '')
      .filter((code) => !known.has(code) && !isVariable(code))
      .map((code) => `${path}: ${code}`),
  );
  expect(unknown).toEqual([]);
});

// Environment variables look like codes.
function isVariable(name: string): boolean {
  return (
    SOURCES.some(({ source }) => new RegExp(`env\\.${name}\\b|\\['${name}'\\]`).test(source)) ||
    /^(TEMPORAL|MILLRACE|PG|UV|XDG|NO|FORCE)_|_(FILE|URL|ROOT|PASSWORD|KEY|TOKEN)$/.test(name)
  );
}
