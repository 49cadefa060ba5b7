import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inspectProject } from '../../src/config/load.js';
import { problemLine, type Problem } from '../../src/core/problems.js';
import { preflight, type CheckName } from '../../src/preflight/preflight.js';
import { writtenProject, type FileChange } from '../support/written-project.js';

const CONFIG = 'millrace.config.ts';
const SQL = 'transforms/totals.sql';

async function look(directory: string, checks: readonly CheckName[]): Promise<readonly Problem[]> {
  return (await preflight({ directory, inspected: await inspectProject(directory), checks })).problems;
}

/** What some checks find after changes of the sound project, a line each. */
async function found(checks: readonly CheckName[], changes: Readonly<Record<string, FileChange>>): Promise<string[]> {
  return (await look(writtenProject(changes), checks)).map(problemLine);
}

test('every check passes a sound project, and the bundle comes with them', async () => {
  const directory = writtenProject();
  const result = await preflight({ directory, inspected: await inspectProject(directory) });
  expect(result.problems).toEqual([]);
  expect(result.checks.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'config',
      'types',
      'pipelines',
      'contracts',
      'transforms',
      'environment',
      'extensions',
      'connections',
    ]),
  );
  expect(result.bundle).toHaveProperty('code');
});

test('problems of different kinds come all at once, each with its code, file and line', async () => {
  const directory = writtenProject({
    [CONFIG]: ["monthly('month'", "monthly('moth'"],
    [SQL]: 'SELECT $month AS month,\n  sum(amont) AS amount\nFROM orders\n',
    'workflows/index.ts': "export { sum as add } from './sum.js';\n",
    'tsconfig.json':
      '{ "compilerOptions": { "module": "ESNext", "moduleResolution": "bundler", "strict": true, "skipLibCheck": true, "types": [] }, "include": ["names.ts"] }',
    'names.ts': 'export const name: string =\n  3;\n',
  });
  const problems = await look(directory, ['types', 'pipelines', 'transforms']);
  const places = problems.map(({ code, place }) => `${code} ${place?.file}:${place?.line}`);
  expect(places.toSorted()).toEqual([
    'CONFIG_INVALID millrace.config.ts:18',
    'PIPELINE_NAME_MISMATCH millrace.config.ts:16',
    'PIPELINE_NAME_MISMATCH workflows/index.ts:1',
    'PIPELINE_NAME_MISMATCH workflows/index.ts:1',
    'QUERY_FAILED transforms/totals.sql:2',
    'TYPES_INVALID names.ts:1',
  ]);
});

test('a config that does not load keeps neither types nor pipelines from being looked at', async () => {
  const lines = await found(['types', 'pipelines', 'transforms'], {
    [CONFIG]: ['connections: {', 'connection: {'],
    'workflows/index.ts': "export { sum } from './sum.js';\nexport const LIMIT = 3;\n",
  });
  expect(lines).toEqual([
    'millrace.config.ts:7:1: connections: It is missing. [CONFIG_INVALID]',
    'millrace.config.ts:8:3: connection: There is no such key. Did you mean "connections"? [CONFIG_INVALID]',
    expect.stringMatching(/^workflows\/index\.ts:2:14: The export "LIMIT" is not made by pipeline\(\)/),
  ]);
});

test.each<{ title: string; changes: Readonly<Record<string, FileChange>>; says: string }>([
  {
    title: 'a column that no input has, with its line and DuckDB’s own suggestion',
    changes: { [SQL]: '\nSELECT $month AS month,\n  sum(amont) AS amount\nFROM orders' },
    says: 'transforms/totals.sql:3:7: Transform "totals" does not run: Referenced column "amont" not found in FROM clause! Candidate bindings: "amount"',
  },
  {
    title: 'SQL that does not parse',
    changes: { [SQL]: 'SELECT $month AS month\nFORM orders' },
    says: 'transforms/totals.sql:2:1: Transform "totals" is not valid SQL at line 2, column 1',
  },
  {
    title: 'a parameter that no pipeline has',
    changes: { [SQL]: ['$month', '$mont'] },
    says: 'transforms/totals.sql: Transform "totals" uses $mont, and no pipeline has a parameter of that name. Did you mean "month"? [QUERY_FAILED]',
  },
  {
    title: 'a file that is not there',
    changes: { [CONFIG]: ['totals.sql', 'total.sql'] },
    says: 'millrace.config.ts:13:5: The SQL file ./transforms/total.sql cannot be read',
  },
  {
    title: 'columns that the output contract does not have',
    changes: { [SQL]: 'SELECT $month AS month, sum(amount) AS amout FROM orders' },
    says: 'transforms/totals.sql:1:40: The columns of transform "totals" do not fit its output contract: missing: "amount" (did you mean "amout"?); extra: "amout"',
  },
  {
    title: 'a column of another type than the contract wants',
    changes: { [SQL]: "SELECT $month AS month, 'much' AS amount FROM orders" },
    says: 'transforms/totals.sql:1:35: The columns of transform "totals" do not fit its output contract: wrong type: "amount" is VARCHAR, the contract wants a number',
  },
  {
    title: 'an ambiguous name, with the names that are meant',
    changes: { [SQL]: 'SELECT $month AS month,\n  sum(amount) AS amount\nFROM orders AS a JOIN orders AS b ON a.id = b.id' },
    says: 'transforms/totals.sql:2:7: Transform "totals" does not run: Ambiguous reference to column name "amount" (use: "a.amount" or "b.amount")',
  },
  {
    title: 'a column that is written with its table',
    changes: { [SQL]: 'SELECT $month AS month,\n  sum(orders.amuont) AS amount\nFROM orders' },
    says: 'does not have a column named "amuont" (line 2, column 7: sum(orders.amuont) AS amount). Did you mean "amount"? [QUERY_FAILED]',
  },
  {
    title: 'types that do not go together, with the line behind all candidates',
    changes: { [SQL]: 'SELECT $month AS month,\n  sum(amount + [1]) AS amount FROM orders' },
    says: 'transforms/totals.sql:2:14: Transform "totals" does not run: No function matches the given name and argument types \'+(DOUBLE, INTEGER[])\'',
  },
  {
    title: 'a table that is no input',
    changes: { [SQL]: 'SELECT $month AS month, sum(amount) AS amount FROM ordres' },
    says: 'Transform "totals" reads "ordres", which it was not given. Its inputs are: orders',
  },
  {
    title: 'a read of a file',
    changes: { [SQL]: "SELECT $month AS month, sum(amount) AS amount FROM read_csv('/etc/passwd')" },
    says: '[TRANSFORM_FORBIDDEN]',
  },
])('the SQL of a transform is bound to empty inputs: $title', async ({ changes, says }) => {
  expect(await found(['transforms'], changes)).toEqual([expect.stringContaining(says)]);
});

test.each<{ title: string; changes: Readonly<Record<string, FileChange>> }>([
  {
    title: 'a date that may be a DATE or a timestamp',
    changes: {
      [CONFIG]: ["amount: z.number() }), { key: ['id']", "amount: z.number(), day: z.date() }), { key: ['id']"],
      [SQL]: "SELECT $month AS month, sum(amount) AS amount FROM orders WHERE day + 7 > DATE '2024-01-01'",
    },
  },
  {
    title: 'a cast of a parameter whose values only a run knows',
    changes: {
      [CONFIG]: ['params: z.object({ month: z.string() })', 'params: z.object({ month: z.string(), since: z.string() })'],
      [SQL]: 'SELECT $month AS month, sum(amount) AS amount FROM orders WHERE CAST($since AS DATE) < current_date',
    },
  },
  {
    title: 'a parameter that one of two pipelines has',
    changes: {
      [CONFIG]: ['  pipelines: {', '  pipelines: {\n    other: { params: z.object({}) },'],
    },
  },
  {
    title: 'a pattern for a parameter of a transform that only a run can meet',
    changes: {
      [CONFIG]: `import { contract, defineProject, query } from 'millrace/config';
import { z } from 'zod';
const Order = contract(z.object({ id: z.int() }));
export default defineProject({
  connections: {},
  contracts: { Order },
  transforms: {
    same: query({ inputs: { orders: Order }, output: Order, params: z.object({ code: z.string().regex(/^[A-Z]{3}$/) }) }, (db) =>
      db.selectFrom('orders').select('id'),
    ),
  },
  pipelines: { sum: { params: z.object({ code: z.string() }) } },
});
`,
    },
  },
])('what only real values would tell is no problem: $title', async ({ changes }) => {
  expect(await found(['transforms'], changes)).toEqual([]);
});

test('functions are loaded, and the parameters they declare are looked for', async () => {
  const lines = await found(['transforms'], {
    [CONFIG]: `import { contract, defineProject, rows } from 'millrace/config';
import { z } from 'zod';
const Order = contract(z.object({ id: z.int() }));
export default defineProject({
  connections: {},
  contracts: { Order },
  transforms: {
    tidy: rows({ inputs: { orders: Order }, output: Order, params: z.object({ moth: z.string(), spare: z.string().optional() }) }, () => import('./tidy.js')),
    lost: rows({ inputs: { orders: Order }, output: Order }, () => import('./lost.js' as string)),
  },
  pipelines: { sum: { params: z.object({ month: z.string() }) } },
});
`,
    'tidy.ts': 'export default function* tidy() {}\n',
  });
  expect(lines).toEqual([
    expect.stringMatching(
      /^millrace\.config\.ts:8:5: Transform "tidy" declares the parameter "moth", .* Did you mean "month"\? \[PARAMETERS_INVALID\]$/,
    ),
    expect.stringMatching(/^millrace\.config\.ts:9:5: .*lost.*\[CONFIG_INVALID\]$/s),
  ]);
});

test('a rule that is no condition over the contract’s columns is told at the rule', async () => {
  const lines = await found(['contracts'], {
    [CONFIG]: ["{ key: ['id'] }", "{ key: ['id'], rules: { 'costs something': { kind: 'sql', text: 'amont > 0' } } }"],
  });
  expect(lines).toEqual([
    expect.stringMatching(
      /^millrace\.config\.ts:4:\d+: Rule "costs something" of contract "Order" .*amont.*\[CONTRACT_COLUMNS\]$/s,
    ),
  ]);
});

test('every environment variable that is missing is told at its option, but for those that will be set', async () => {
  const directory = writtenProject({
    [CONFIG]: [
      "files({ root: '.' })",
      "{ kind: 'files', options: { root: { kind: 'env', name: 'NO_ROOT' }, more: { kind: 'env', name: 'NO_MORE' } } }",
    ],
  });
  const inspected = await inspectProject(directory);
  const both = await preflight({ directory, inspected, checks: ['environment'] });
  expect(both.problems.map(problemLine)).toEqual([
    expect.stringMatching(
      /^millrace\.config\.ts:9:5: connections\.lake\.root needs the environment variable NO_ROOT.*\[ENV_MISSING\]$/,
    ),
    expect.stringContaining('NO_MORE'),
  ]);
  const one = await preflight({ directory, inspected, checks: ['environment'], provided: ['NO_ROOT'] });
  expect(one.problems).toHaveLength(1);
});

test('a connection that may come by itself is a warning, one that cannot be opened an error', async () => {
  const directory = writtenProject({
    [CONFIG]: [
      "lake: files({ root: '.' }),",
      "lake: files({ root: './not-there' }), down: { kind: 'postgres', options: { url: 'postgres://user:open-sesame@127.0.0.1:1/none' } }, odd: { kind: 'posgres', options: {} },",
    ],
  });
  const problems = await look(directory, ['connections']);
  expect(problems.map(({ severity, code }) => `${severity} ${code}`)).toEqual([
    'warning FILE_MISSING',
    'warning CONNECTION_REFUSED',
    'error CONFIG_INVALID',
  ]);
  expect(JSON.stringify(problems)).not.toContain('open-sesame');
});

test('an extension of DuckDB that does not load is told at the connection that needs it', async () => {
  const directory = writtenProject({
    [CONFIG]: [
      "  connections: {\n    lake: files({ root: '.' }),",
      "  engine: { extensionsDirectory: './extensions' },\n  connections: {\n    lake: files({ root: '.' }),\n    shop: { kind: 'postgres', options: { url: 'postgres://me@127.0.0.1:1/none' } },",
    ],
  });
  mkdirSync(join(directory, 'extensions'));
  writeFileSync(join(directory, 'extensions', 'postgres_scanner.duckdb_extension'), 'nothing of the kind');
  const problems = await look(directory, ['extensions']);
  expect(problems.map(problemLine)).toEqual([
    expect.stringMatching(/^millrace\.config\.ts:11:5: DuckDB's extension postgres_scanner .*\[EXTENSION_MISSING\]$/s),
  ]);
});
