import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openConnector } from '../../../src/connectors/registry.js';
import type { Filter } from '../../../src/core/filter.js';
import { datasetSelect } from '../../../src/engine/dataset-sql.js';
import { withContext } from '../../conformance/context.js';
import { manifestOf } from '../../contracts/judging.js';
import { temporaryFolder } from '../../support/folder.js';

const TEXTS = 'n\n5.4\n6\n4.6\n5\n10\n05\n';
const TYPED =
  "SELECT unnest([5, 6]::BIGINT[]) AS id, unnest([5.51, 5.52]::DECIMAL(20,2)[]) AS amount, unnest(['5.4', '5']) AS text";

async function read(path: string, where: Filter): Promise<unknown[]> {
  const root = temporaryFolder();
  const connector = await openConnector('files', 'lake', { root });
  return withContext(async (context) => {
    if (path.endsWith('.csv')) writeFileSync(join(root, path), TEXTS);
    else await context.session.run(`COPY (${TYPED}) TO '${join(root, path)}' (FORMAT parquet)`);
    const extracted = await connector.source?.extract({ dataset: 'd', options: { path, where }, directory: root }, context);
    const select = datasetSelect(manifestOf(extracted?.columns ?? [], extracted?.parts ?? [], where), root);
    return (await context.session.rows(select)).map((row) => Object.values(row)[0]);
  });
}

test.each([
  [{ eq: 5 }, ['5', '05']],
  [{ in: [5, 6] }, ['6', '5', '05']],
  [{ gt: 5 }, ['5.4', '6', '10']],
  [{ eq: '5' }, ['5']],
])('text of a CSV file is compared with a number as a number, and with text as text: %j', async (condition, expected) => {
  expect(await read('n.csv', { n: condition })).toEqual(expected);
});

test.each<[Filter, number]>([
  [{ id: { gt: 5.5 } }, 1],
  [{ id: { gt: '5' } }, 1],
  [{ id: { gt: ' 5.0 ' } }, 1],
  [{ amount: { gte: '5.520' } }, 1],
  [{ amount: { in: ['5.51', '6'] } }, 1],
])('%j finds rows by exact numbers', async (where, rows) => {
  expect(await read('n.parquet', where)).toHaveLength(rows);
});

test.each<[Filter, RegExp]>([
  [{ text: { eq: 5 } }, /"text" is VARCHAR\. Compare it with a text.*not with 5\./],
  [{ id: { gt: '5.5' } }, /"id" is BIGINT\. Compare it with a whole number, not with "5\.5"/],
  [{ amount: { gte: '5.514' } }, /"amount" is DECIMAL\(20,2\)\..*2 digits after the point, not with "5\.514"/],
  [{ amount: { in: ['5.51', '1e-3'] } }, /"1e-3"/],
])('%j is refused, since it would be rounded', async (where, message) => {
  await expect(read('n.parquet', where)).rejects.toMatchObject({
    code: 'OPTION_INVALID',
    message: expect.stringMatching(message) as string,
  });
});
