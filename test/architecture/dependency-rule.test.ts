import { expect, test } from 'vitest';
import { areaOf, EDGES, type Area, type Edge } from './edges.js';
import { importsOf, sourceFiles, type Import } from './imports.js';

const FILES = sourceFiles('src', 'workflows', 'activities');

test('every import follows an edge of the dependency rule', () => {
  expect(FILES.flatMap(importsOf).flatMap(violation)).toEqual([]);
});

test('every edge of the dependency rule says why it is there, and there is one of each', () => {
  expect(EDGES.filter((edge) => edge.reason.length < 5)).toEqual([]);
  expect(new Set(EDGES.map((edge) => `${edge.from} → ${edge.to}`)).size).toBe(EDGES.length);
});

test('no edge is wider than the code needs', () => {
  const imports = FILES.flatMap(importsOf).map((found) => ({ ...found, from: areaOf(found.file), to: targetOf(found) }));
  const idle = EDGES.filter(
    (edge) =>
      !imports.some(
        ({ from, to, typeOnly }) => from === edge.from && to && covers(edge, to) && (edge.kind === 'type' || !typeOnly),
      ),
  );
  expect(idle.map((edge) => `${edge.from} → ${edge.to} (${edge.kind})`)).toEqual([]);
});

test.each([
  { file: 'src/core/x.ts', specifier: 'zod', typeOnly: true, why: 'core may not import npm zod' },
  {
    file: 'workflows/x.ts',
    specifier: '../activities/load.js',
    target: 'activities/load.ts',
    typeOnly: false,
    why: 'only with `import type`',
  },
  { file: 'workflows/x.ts', specifier: 'zod', typeOnly: false, why: 'only with `import type`' },
  {
    file: 'activities/x.ts',
    specifier: '../src/connectors/files/csv.js',
    target: 'src/connectors/files/csv.ts',
    typeOnly: true,
    why: 'may not import connector',
  },
  {
    file: 'src/connectors/files/x.ts',
    specifier: '../postgres/x.js',
    target: 'src/connectors/postgres/x.ts',
    typeOnly: true,
    why: 'another connector',
  },
  {
    file: 'src/connectors/files/x.ts',
    specifier: '@temporalio/activity',
    typeOnly: false,
    why: 'may not import npm @temporalio/activity',
  },
  {
    file: 'src/engine/x.ts',
    specifier: '../dev/x.js',
    target: 'src/dev/x.ts',
    typeOnly: false,
    why: 'may not import entry point',
  },
  { file: 'src/novelty/x.ts', specifier: 'zod', typeOnly: false, why: 'no area' },
])('the rule refuses $specifier in $file', ({ why, ...rest }) => {
  expect(violation({ line: 1, ...rest })).toEqual([expect.stringContaining(why)]);
});

/** What is wrong with an import, in words that name file, import and rule; nothing when it is allowed. */
function violation(found: Import): string[] {
  const place = `${found.file}:${found.line} imports ${found.specifier}`;
  const from = areaOf(found.file);
  if (!from) return [`${place}: its folder has no area; add it to test/architecture/edges.ts with the edges it needs`];
  if (from === 'entry point') return [];
  const to = targetOf(found);
  if (!to) return [`${place}: ${found.target} has no area`];
  if (to === from) return sameConnector(found) ? [] : [`${place}: a connector never imports another connector`];
  const edge = EDGES.find((each) => each.from === from && covers(each, to));
  if (!edge) return [`${place}: ${from} may not import ${to}; allowed are ${allowedFrom(from)}`];
  if (edge.kind === 'type' && !found.typeOnly)
    return [`${place}: ${from} may import ${to} only with \`import type\` (${edge.reason})`];
  return [];
}

function targetOf(found: Import): Edge['to'] | undefined {
  return found.target === undefined ? packageOf(found.specifier) : areaOf(found.target);
}

function packageOf(specifier: string): Edge['to'] {
  if (specifier.startsWith('node:')) return 'npm node:*';
  return `npm ${specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')}`;
}

function covers(edge: Edge, to: Edge['to']): boolean {
  return edge.to === to || (edge.to.endsWith('/*') && to.startsWith(edge.to.slice(0, -1)));
}

function sameConnector(found: Import): boolean {
  if (found.target === undefined || !found.file.startsWith('src/connectors/')) return true;
  return found.file.split('/')[2] === found.target.split('/')[2] || areaOf(found.file) === 'connector contract';
}

function allowedFrom(from: Area): string {
  return (
    EDGES.filter((edge) => edge.from === from)
      .map((edge) => edge.to)
      .join(', ') || 'none'
  );
}
