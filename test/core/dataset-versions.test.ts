import { describe, expect, test } from 'vitest';
import { DatasetVersions } from '../../src/core/dataset-versions.js';

const ORDERS = 'warehouse.orders';
const CUSTOMERS = 'warehouse.customers';
const event = (dataset: string, partition: string | null, load: string) => ({ dataset, partition, load });
const monthly = (datasets = [ORDERS, CUSTOMERS], most?: number) =>
  new DatasetVersions({ kind: 'monthly' }, datasets, undefined, most);

describe('the versions of datasets that a monthly pipeline waits for', () => {
  test('are complete for a partition when all of them are there, and wait anew after a start', () => {
    const versions = monthly();
    expect(versions.take(event(ORDERS, '2001-01', 'a'))).toEqual({ kind: 'new', partitions: ['2001-01'] });
    expect(versions.missing('2001-01')).toEqual([CUSTOMERS]);
    expect(versions.waiting()).toEqual(['2001-01']);
    versions.take(event(CUSTOMERS, '2001-01', 'b'));
    expect(versions.missing('2001-01')).toEqual([]);
    expect(versions.present('2001-01')).toEqual([`${ORDERS} a`, `${CUSTOMERS} b`]);
    versions.start('2001-01');
    expect(versions.missing('2001-01')).toEqual([ORDERS, CUSTOMERS]);
    expect(versions.waiting()).toEqual([]);
  });

  test('count once, however often and in whatever order a load is told', () => {
    const versions = monthly();
    versions.take(event(ORDERS, '2001-01', 'a'));
    expect(versions.take(event(ORDERS, '2001-01', 'a'))).toEqual({ kind: 'known' });
    versions.take(event(CUSTOMERS, '2001-01', 'b'));
    versions.start('2001-01');
    for (const load of ['b', 'a']) {
      expect(versions.take(event(load === 'a' ? ORDERS : CUSTOMERS, '2001-01', load))).toEqual({ kind: 'known' });
    }
    expect(versions.missing('2001-01')).toHaveLength(2);
  });

  test('of one partition say nothing of another', () => {
    const versions = monthly();
    versions.take(event(ORDERS, '2001-01', 'a'));
    versions.take(event(CUSTOMERS, '2001-02', 'b'));
    expect(versions.missing('2001-01')).toEqual([CUSTOMERS]);
    expect(versions.missing('2001-02')).toEqual([ORDERS]);
  });

  test('count for the month that a loaded day lies in', () => {
    const versions = monthly([ORDERS]);
    expect(versions.take(event(ORDERS, '2001-01-31', 'a'))).toEqual({ kind: 'new', partitions: ['2001-01'] });
    versions.start('2001-01');
    expect(versions.take(event(ORDERS, '2001-01-30', 'b'))).toEqual({ kind: 'new', partitions: ['2001-01'] });
    expect(versions.missing('2001-01')).toEqual([]);
  });

  test('of a load without a partition complete those that wait, and begin none', () => {
    const versions = monthly();
    expect(versions.take(event(CUSTOMERS, null, 'a'))).toEqual({ kind: 'new', partitions: [] });
    versions.take(event(ORDERS, '2001-01', 'b'));
    expect(versions.missing('2001-01')).toEqual([]);
    versions.start('2001-01');
    versions.take(event(ORDERS, '2001-02', 'c'));
    expect(versions.missing('2001-02')).toEqual([]);
    versions.take(event(ORDERS, '2001-01', 'd'));
    expect(versions.missing('2001-01')).toEqual([CUSTOMERS]);
    expect(versions.take(event(CUSTOMERS, null, 'e'))).toEqual({ kind: 'new', partitions: ['2001-01', '2001-02'] });
  });

  test('are the same after they were carried to another execution', () => {
    const versions = monthly();
    versions.take(event(ORDERS, '2001-01', 'a'));
    versions.take(event(ORDERS, '2001-02', 'b'));
    versions.take(event(CUSTOMERS, '2001-02', 'c'));
    versions.start('2001-02');
    const carried = new DatasetVersions({ kind: 'monthly' }, [ORDERS, CUSTOMERS], JSON.parse(JSON.stringify(versions.state())));
    expect(carried.state()).toEqual(versions.state());
    expect(carried.waiting()).toEqual(['2001-01']);
    expect(carried.take(event(ORDERS, '2001-02', 'b'))).toEqual({ kind: 'known' });
  });

  test('are remembered in bounded memory, the ones longest unheard of forgotten first', () => {
    const versions = monthly([ORDERS], 3);
    for (let month = 1; month <= 9; month += 1) {
      versions.take(event(ORDERS, `2001-0${month}`, `load ${month}`));
      versions.start(`2001-0${month}`);
    }
    const { heard, started, versions: left } = versions.state();
    expect(heard.map(([, partition]) => partition)).toEqual(['2001-07', '2001-08', '2001-09']);
    expect(started).toHaveLength(3);
    expect(left).toEqual([]);
    expect(versions.take(event(ORDERS, '2001-09', 'load 9'))).toEqual({ kind: 'known' });
  });

  test('are given up, the longest waiting first, where too many wait', () => {
    const versions = monthly();
    versions.take(event(ORDERS, '2001-01', 'a'));
    versions.take(event(ORDERS, '2001-02', 'b'));
    expect(versions.dropBeyond(2)).toBeUndefined();
    expect(versions.dropBeyond(1)).toBe('2001-01');
    expect(versions.waiting()).toEqual(['2001-02']);
  });

  test('of a dataset that nobody waits for are no news', () => {
    expect(monthly().take(event('warehouse.other', '2001-01', 'a'))).toEqual({ kind: 'known' });
  });
});

test('a month that was loaded completes the days of a daily pipeline that wait in it', () => {
  const versions = new DatasetVersions({ kind: 'daily' }, [ORDERS, CUSTOMERS]);
  versions.take(event(ORDERS, '2001-01-31', 'a'));
  versions.take(event(ORDERS, '2001-02-01', 'b'));
  expect(versions.take(event(CUSTOMERS, '2001-01', 'c'))).toEqual({ kind: 'new', partitions: ['2001-01-31'] });
  expect(versions.missing('2001-01-31')).toEqual([]);
  expect(versions.missing('2001-02-01')).toEqual([CUSTOMERS]);
});

test('every load counts for a pipeline without partitions', () => {
  const versions = new DatasetVersions(null, [ORDERS, CUSTOMERS]);
  versions.take(event(ORDERS, '2001-01', 'a'));
  versions.take(event(ORDERS, '2001-02', 'b'));
  expect(versions.missing('')).toEqual([CUSTOMERS]);
  versions.take(event(CUSTOMERS, null, 'c'));
  expect(versions.missing('')).toEqual([]);
  versions.start('');
  expect(versions.missing('')).toEqual([ORDERS, CUSTOMERS]);
});
