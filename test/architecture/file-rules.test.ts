import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { importsOf, ROOT, sourceFiles } from './imports.js';

const OURS = sourceFiles('src', 'workflows', 'activities');
const ALL = [...OURS, ...sourceFiles('test', 'bench', 'chaos', 'soak')];
const MAX_LINES = 300;

/** One table, which is easier to read in one piece. */
const TABLES = new Set(['src/core/error-codes.ts']);

/** Lists of exports for somebody else: a package entry, the bundle, the worker's activities, or the face of a folder. */
const BARRELS =
  /^(workflows|activities|src\/(api|config|worker|testing|client|catalog|catalog\/migrations|connectors\/[^/]+))\/index\.ts$/;

test('no file or folder has a name that says nothing', () => {
  expect(ALL.filter((file) => file.split('/').some((part) => /^(utils?|helpers?|common|misc|lib)(\.|$)/.test(part)))).toEqual([]);
});

test('files are named in kebab-case', () => {
  expect(ALL.filter((file) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*\.ts$/.test(basename(file)))).toEqual([]);
});

test(`no file is longer than ${MAX_LINES} lines`, () => {
  const long = ALL.map((file) => ({ file, lines: readFileSync(join(ROOT, file), 'utf8').split('\n').length - 1 }));
  expect(long.filter(({ file, lines }) => lines > MAX_LINES && !TABLES.has(file))).toEqual([]);
});

test('only the agreed folders have an index file', () => {
  expect(OURS.filter((file) => basename(file) === 'index.ts' && !BARRELS.test(file))).toEqual([]);
});

test('no imports go in a circle, types included', () => {
  const targets = new Map(OURS.map((file) => [file, importsOf(file).flatMap((found) => found.target ?? [])]));
  expect(findCycle(targets)).toEqual([]);
});

test('default exports stay out, but for the bundle, which Temporal asks for one', () => {
  const withDefault = OURS.filter((file) => /^export default /m.test(readFileSync(join(ROOT, file), 'utf8')));
  expect(withDefault.filter((file) => dirname(file) !== 'workflows')).toEqual([]);
});

/** The files of one circle, or nothing. */
function findCycle(targets: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const target of targets.get(file) ?? []) {
      const cycle = visit(target, [...path, file]);
      if (cycle.length > 0) return cycle;
    }
    done.add(file);
    return [];
  };
  for (const file of targets.keys()) {
    const cycle = visit(file, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}
