import { expect, test } from 'vitest';
import { fileForTable } from '../../../src/connectors/files/table-file.js';

test.each([
  ['public', 'orders', 'public/orders.parquet'],
  ['public', 'Odd Name', 'public/Odd Name.parquet'],
  ['..', 'x', '%2E./x.parquet'],
  ['a/b', '../c', 'a%2Fb/%2E.%2Fc.parquet'],
  ['s', '100%', 's/100%25.parquet'],
  ['s', 'a*[b]?{c}', 's/a%2A%5Bb%5D%3F%7Bc%7D.parquet'],
  ['s', 'new\nline', 's/new%0Aline.parquet'],
  ['_millrace', '_prisma', '%5Fmillrace/_prisma.parquet'],
])('the table %j.%j becomes %s', (schema, table, file) => {
  expect(fileForTable({ schema, table })).toBe(file);
});
