import { expect, test } from 'vitest';
import { inspectProject } from '../../src/config/load.js';
import { problemLine } from '../../src/core/problems.js';
import { preflight } from '../../src/preflight/preflight.js';
import { writtenProject } from '../support/written-project.js';

/** What is found of a check of a contract, or of a check set over orders and customers. */
async function found(check: string, place: 'contract' | 'set' = 'set'): Promise<string[]> {
  const directory = writtenProject({
    'transforms/totals.sql': 'SELECT 1',
    'millrace.config.ts': `import { checks, contract, defineProject, distribution, files, freshness, monthly, noRows, nullShare, references, rowCount, sql, unique } from 'millrace/config';
import { z } from 'zod';

const Order = contract(z.object({ id: z.int(), customer: z.string(), amount: z.number(), day: z.iso.date() }), { ${place === 'contract' ? `checks: { it: ${check} } ` : ''}});
const Customer = contract(z.object({ name: z.string(), "the \\"key\\"": z.int() }));

export default defineProject({
  connections: { lake: files({ root: '.' }) },
  contracts: { Order, Customer },
  transforms: {},
  checks: ${place === 'set' ? `{ fit: checks({ inputs: { orders: Order, customers: Customer } }, { it: ${check} }) }` : '{}'},
  pipelines: { sum: { params: z.object({ month: z.string() }), partition: monthly('month', { from: '2024-01' }) } },
});
void [checks, distribution, freshness, noRows, nullShare, references, rowCount, sql, unique];
`,
  });
  const { problems } = await preflight({ directory, inspected: await inspectProject(directory), checks: ['checks'] });
  return problems.map(problemLine);
}

test.each([
  'unique(["id", "customer"])',
  'references(["customer"], "customers", ["name"])',
  'rowCount({ min: 1, dropAtMost: 0.5 })',
  'freshness("day", { within: "2 days" })',
  `unique(['the "key"'], { of: 'customers' })`,
  'distribution("amount", { mean: { atMost: 1 }, quantiles: { 0.5: { atLeast: 0 } } })',
  'noRows(sql`SELECT * FROM orders WHERE day < $month`)',
  'noRows(sql`WITH c AS (SELECT name FROM customers) SELECT * FROM orders JOIN c ON name = customer;`)',
])('a sound check passes: %s', async (check) => {
  expect(await found(check)).toEqual([]);
});

test('a contract’s check sees its rows as `dataset`, and no parameters', async () => {
  expect(await found('noRows(sql`SELECT id FROM dataset WHERE amount < 0`)', 'contract')).toEqual([]);
  expect(await found('noRows(sql`SELECT id FROM orders`)', 'contract')).toEqual([
    expect.stringMatching(
      /^millrace\.config\.ts:4:\d+: Check "it" of "Order" reads "orders", which it was not given\. Its inputs are: dataset/,
    ),
  ]);
  expect(await found('noRows(sql`SELECT id FROM dataset WHERE day > $month`)', 'contract')).toEqual([
    expect.stringContaining('Check "it" of "Order" uses $month'),
  ]);
});

test.each<{ title: string; check: string; says: RegExp }>([
  {
    title: 'a column that the input has not',
    check: 'unique(["ident"] as never)',
    says: /^millrace\.config\.ts:11:\d+: checks\.fit\.checks\.it: "orders" has no column "ident"\. There are: id, customer, amount, day\. \[CONFIG_INVALID\]$/,
  },
  {
    title: 'a column that the other input has not',
    check: 'references(["customer"], "customers", ["nam"])',
    says: /"customers" has no column "nam"\. Did you mean "name"\?/,
  },
  {
    title: 'an input that there is not',
    check: 'unique(["id"], { of: "order" })',
    says: /There is no input "order"\. Did you mean "orders"\?/,
  },
  {
    title: 'a count of columns that differs',
    check: 'references(["id", "customer"], "customers", ["name"])',
    says: /as many columns/,
  },
  { title: 'no bound', check: 'rowCount({})', says: /give a bound/ },
  { title: 'bounds that exclude each other', check: 'rowCount({ min: 5, max: 4 })', says: /`min` is above `max`/ },
  {
    title: 'runs to compare with, and no comparison',
    check: 'rowCount({ min: 5, ofLast: 4 })',
    says: /`ofLast` says which runs/,
  },
  {
    title: 'a length of time that is none',
    check: 'freshness("day", { within: "soon" })',
    says: /a number and a unit: "2 days"/,
  },
  {
    title: 'a quantile that is none',
    check: 'distribution("amount", { quantiles: { 50: { atMost: 1 } } })',
    says: /a quantile is a share/,
  },
  { title: 'a share above one', check: 'nullShare("amount", { max: 5 })', says: /checks\.fit\.checks\.it\.max: / },
  {
    title: 'an unknown option',
    check: '{ check: "unique", columns: ["id"], colums: [] } as never',
    says: /no such key\. Did you mean "columns"\?/,
  },
  {
    title: 'SQL that does not bind, with its line',
    check: 'noRows(sql`SELECT *\nFROM orders WHERE amout > 1`)',
    says: /Check "it" of "fit" does not run: Referenced column "amout" not found.*\(line 2, column 19.*\[CHECK_INVALID\]/,
  },
  { title: 'SQL that reads a file', check: "noRows(sql`SELECT * FROM read_csv('a.csv')`)", says: /reads through read_csv\(\)/ },
  {
    title: 'a parameter that no pipeline has',
    check: 'noRows(sql`SELECT $mont`)',
    says: /uses \$mont, and no pipeline has a parameter of that name\. Did you mean "month"/,
  },
  {
    title: 'numbers of a text',
    check: 'distribution("customer", { mean: { atMost: 1 } })',
    says: /is about numbers, and the column "customer" is VARCHAR/,
  },
  {
    title: 'times of a number',
    check: 'freshness("id", { within: "1 day" })',
    says: /is about dates or times, and the column "id" is BIGINT/,
  },
])('$title is told', async ({ check, says }) => {
  expect(await found(check)).toEqual([expect.stringMatching(says)]);
});
