import { afterAll, beforeAll, expect, test } from 'vitest';
import { inspectProject } from '../../src/config/load.js';
import { problemLine } from '../../src/core/problems.js';
import { preflight } from '../../src/preflight/preflight.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { writtenProject } from '../support/written-project.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

/** What the check of transforms finds of one in the SQL of Postgres, with a warehouse at this address. */
async function found(sql: string, url = db.url): Promise<string[]> {
  const directory = writtenProject({
    'transforms/totals.sql': sql,
    'millrace.config.ts': `import { contract, defineProject, postgres, sqlFile } from 'millrace/config';
import { z } from 'zod';

const Order = contract(z.object({ id: z.int(), amount: z.number(), day: z.iso.date() }), { key: ['id'] });
const Total = contract(z.object({ month: z.string(), amount: z.number() }), { key: ['month'] });

export default defineProject({
  connections: { warehouse: postgres({ url: '${url}' }) },
  contracts: { Order, Total },
  transforms: {
    totals: sqlFile('./transforms/totals.sql', { dialect: 'postgres', inputs: { orders: Order }, output: Total }),
  },
  pipelines: { sum: { params: z.object({ since: z.string() }) } },
});
`,
  });
  const { problems } = await preflight({ directory, inspected: await inspectProject(directory), checks: ['transforms'] });
  return problems.map(problemLine);
}

const SOUND =
  "SELECT to_char(day, 'YYYY-MM') AS month,\n  sum(amount) FILTER (WHERE day >= $since) AS amount\nFROM orders\nGROUP BY 1\n";

test('a transform in the SQL of Postgres is bound by the database, where DuckDB would not understand it', async () => {
  expect(await found(SOUND)).toEqual([]);
  expect(await db.query("SELECT 1 FROM pg_namespace WHERE nspname = '_millrace'")).toEqual([]);
});

test('what the database does not understand is told with file, line and column', async () => {
  expect(await found(SOUND.replace('sum(amount)', 'sum(amont)'))).toEqual([
    expect.stringMatching(
      /^transforms\/totals\.sql:2:7: Transform "totals" does not run in connection "warehouse": column "amont" does not exist/,
    ),
  ]);
});

test('columns that do not fit the output contract, another table, and an unknown parameter are told', async () => {
  expect(await found('SELECT id AS month FROM orders')).toEqual([
    expect.stringMatching(/missing: "amount".*\[TRANSFORM_OUTPUT\]$/),
  ]);
  expect(await found('SELECT $sinc AS month, 1 AS amount')).toEqual([
    expect.stringMatching(/uses \$sinc, and no pipeline has a parameter of that name\. Did you mean "since"/),
  ]);
  expect(await found("SELECT 'x' AS month, count(*) AS amount FROM information_schema.tables")).toEqual([
    expect.stringMatching(/reads information_schema\.tables.*\[TRANSFORM_FORBIDDEN\]$/),
  ]);
});

test('without a database that answers nothing is said of its SQL', async () => {
  const nobody = Object.assign(new URL(db.url), { port: '9' }).toString();
  expect(await found('SELECT nonsense', nobody)).toEqual([]);
});
