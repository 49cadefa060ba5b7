import { expect, test } from 'vitest';
import { partitionInPath } from '../../src/core/partition-in-path.js';

test.each([
  ['inbox/orders-2001-01-31.csv', 'daily', '2001-01-31'],
  ['inbox/orders-20010131.csv', 'daily', '2001-01-31'],
  ['inbox/orders-2001-01-31.csv', 'monthly', '2001-01'],
  ['inbox/2001-01/orders.csv', 'monthly', '2001-01'],
  ['inbox/200101/orders.csv', 'monthly', '2001-01'],
  ['inbox/2001-01/orders-2001-02.csv', 'monthly', '2001-02'],
  ['inbox/2001-01/orders.csv', 'daily', undefined],
  ['inbox/orders-2001-13.csv', 'monthly', undefined],
  ['inbox/orders-1200101.csv', 'monthly', undefined],
  ['inbox/orders.csv', 'monthly', undefined],
] as const)('the path %s names for a %s pipeline %s', (path, kind, partition) => {
  expect(partitionInPath(path, kind)).toBe(partition);
});
