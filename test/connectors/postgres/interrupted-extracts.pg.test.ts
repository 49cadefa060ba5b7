import { existsSync, mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { openLeftWorks, type LeftWorks } from '../../../src/connectors/left-work.js';
import { TransientError } from '../../../src/core/errors.js';
import { lastingFolder } from '../../support/folder.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';
import { until } from '../../support/until.js';
import {
  createLargeTable,
  extractSessions,
  fillLargeTable,
  readTable,
  SUM,
  sumOf,
  type ReadOptions,
  type Sum,
  type TableAsRead,
} from './read-table.js';

let db: TestDatabase;
let works: LeftWorks;
let attempts: string;
let before: Sum;

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

beforeEach(async () => {
  works = openLeftWorks();
  attempts = lastingFolder();
  await db.query('DROP TABLE IF EXISTS orders');
  await createLargeTable(db, 'orders');
  // Four ranges for two readers.
  await db.query(`ALTER TABLE orders ADD COLUMN big text, ALTER COLUMN big SET STORAGE EXTERNAL`);
  await fillLargeTable(db, 'orders', 6_001, 12_000);
  before = await sumOf(db, 'orders');
});

afterEach(async () => {
  await works.close();
  await until(
    async () => (await extractSessions(db)).length === 0,
    () => 'sessions of extracts are left',
  );
  await until(
    () => readdirSync(attempts).length === 0,
    () => 'files of attempts are left',
  );
});

const RANGES = 4;

interface Attempt extends Omit<ReadOptions, 'options' | 'directory' | 'resumption' | 'checkpoint'> {
  /** Called after each range that is finished, with their number in this attempt. */
  readonly afterRange?: (finished: number) => Promise<unknown> | undefined;
}

type Summed = Sum & { readonly parts: number };
const summed = async ({ ask, extracted }: TableAsRead): Promise<Summed> => ({
  ...(await ask<Sum>(SUM)),
  parts: extracted.parts.length,
});

/** One attempt at the step, as the activity makes it: its folder goes with it, unless it is left. */
function attempt(options?: Attempt): Promise<Summed & { readonly ranges: number }>;
function attempt<T>(options: Attempt, look: (read: TableAsRead) => Promise<T>): Promise<T & { readonly ranges: number }>;
async function attempt<T>({ afterRange, ...rest }: Attempt = {}, look?: (read: TableAsRead) => Promise<T>): Promise<unknown> {
  const directory = mkdtempSync(join(attempts, 'attempt-'));
  let kept = false;
  let ranges = 0;
  const resumption = works.resumption('the step', 'the run', () => void (kept = true));
  // Whoever finishes a range while something is done to the attempt waits for that, so that nobody is left to read the last one.
  let pending: Promise<unknown> = Promise.resolve();
  const checkpoint: ReadOptions['checkpoint'] = async (name) => {
    if (name === 'extract.range') await (pending = Promise.all([pending, afterRange?.((ranges += 1))]));
  };
  try {
    const read = { options: { table: 'orders' }, directory, resumption, checkpoint, ...rest };
    return { ...(await readTable<T | Summed>(db.url, read, look ?? summed)), ranges };
  } finally {
    if (!kept) rmSync(directory, { recursive: true });
  }
}

const change = async (): Promise<void> => {
  await db.query("UPDATE orders SET note = 'changed' WHERE id % 3 = 0");
  await db.query('DELETE FROM orders WHERE id % 5 = 0');
  await fillLargeTable(db, 'orders', 50_001, 1_000);
};

/** Ends the backends of an extract that read, or the one that holds its snapshot. */
async function cut(which: 'readers' | 'holder'): Promise<void> {
  const [holder, ...readers] = await extractSessions(db);
  const chosen = which === 'readers' ? readers : holder ? [holder] : [];
  expect(chosen.length).toBeGreaterThan(0);
  for (const { pid } of chosen) await db.query('SELECT pg_terminate_backend($1)', [pid]);
}

/** An attempt whose readers are cut off once two ranges are finished. */
async function failHalfWay(): Promise<void> {
  const failing = attempt({ afterRange: (finished) => (finished === 2 ? cut('readers') : undefined) });
  await expect(failing).rejects.toMatchObject({ code: 'CONNECTION_LOST', retryable: true });
}

test('an extract whose readers are cut off goes on from the finished ranges, in the same snapshot', async () => {
  await failHalfWay();
  await change();
  await db.query('VACUUM orders');
  const again = await attempt({ afterRange: () => Promise.resolve() });
  expect(again).toEqual({ ...before, parts: RANGES, ranges: expect.any(Number) as number });
  expect(again.ranges).toBeLessThanOrEqual(RANGES - 2);
  await works.drop('the step');
});

test('an extract that is cut off again and again loses nothing that is finished', async () => {
  let ranges = 0;
  const afterRange = (finished: number): Promise<unknown> | undefined => {
    ranges += 1;
    return finished === 1 ? cut('readers') : undefined;
  };
  let [last, tries]: [Summed | undefined, number] = [undefined, 0];
  while (last === undefined && (tries += 1) <= RANGES) {
    last = await attempt({ afterRange }).catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'CONNECTION_LOST' });
      return undefined;
    });
    await db.query('DELETE FROM orders WHERE id % 7 = $1', [tries]);
  }
  expect(last).toMatchObject({ ...before, parts: RANGES });
  expect(tries).toBeGreaterThan(1);
  expect(ranges).toBe(RANGES);
});

test('an extract whose snapshot is cut off starts over with what is there by then', async () => {
  const failing = attempt({ afterRange: (finished) => (finished === 2 ? cut('holder') : undefined) });
  await expect(failing).rejects.toMatchObject({
    code: 'CONNECTION_LOST',
    message: expect.stringMatching(/held the snapshot of table "public"."orders" broke.*starts over/) as string,
  });
  await change();
  expect(await attempt()).toMatchObject(await sumOf(db, 'orders'));
});

test('an extract whose snapshot is cut off while nobody reads starts over with what is there by then', async () => {
  await failHalfWay();
  await cut('holder');
  await change();
  expect(await attempt()).toMatchObject(await sumOf(db, 'orders'));
});

test('a snapshot that is left is given up as soon as somebody wants the table for themselves', async () => {
  await failHalfWay();
  await db.query('TRUNCATE orders');
  await db.query("INSERT INTO orders (id, note) VALUES (1, 'new')");
  expect(await attempt()).toMatchObject({ rows: 1 });
});

test('an extract whose finished files were touched starts over', async () => {
  await failHalfWay();
  const [left] = readdirSync(attempts);
  const [file] = readdirSync(join(attempts, left as string));
  truncateSync(join(attempts, left as string, file as string), 4);
  await change();
  expect(await attempt()).toMatchObject(await sumOf(db, 'orders'));
});

test('an attempt that the worker has lost touch with leaves what is finished', async () => {
  const controller = new AbortController();
  const lost = attempt({
    controller,
    afterRange: async (finished) => {
      if (finished !== 2) return;
      // What is finished is hashed meanwhile.
      await sleep(500);
      controller.abort(new TransientError('INTERRUPTED', 'Lost touch.'));
    },
  });
  await expect(lost).rejects.toMatchObject({ code: 'INTERRUPTED' });
  await change();
  const again = await attempt({ afterRange: () => Promise.resolve() });
  expect(again).toMatchObject({ ...before, parts: RANGES });
  expect(again.ranges).toBeLessThanOrEqual(RANGES - 2);
});

test('an attempt that is cancelled leaves nothing', async () => {
  const controller = new AbortController();
  const cancelled = attempt({
    controller,
    afterRange: (finished) => {
      if (finished === 2) controller.abort();
      return undefined;
    },
  });
  await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(readdirSync(attempts)).toEqual([]);
  await until(
    async () => (await extractSessions(db)).length === 0,
    () => 'a session is left',
  );
});

test('what is left goes with the end of the run, and when the worker stops', async () => {
  for (const end of [() => works.dropOwner('the run'), () => works.close()]) {
    await failHalfWay();
    const [left] = readdirSync(attempts);
    expect(await extractSessions(db)).toHaveLength(1);
    await end();
    expect(existsSync(join(attempts, left as string))).toBe(false);
    await until(
      async () => (await extractSessions(db)).length === 0,
      () => 'the snapshot is still held',
    );
  }
  const failing = attempt({ afterRange: (finished) => (finished === 2 ? cut('readers') : undefined) });
  await expect(failing).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  await until(
    () => readdirSync(attempts).length === 0,
    () => 'a worker that has stopped keeps files',
  );
});

test('a column that was found inexact before the interruption stays text in every part', async () => {
  await db.query('ALTER TABLE orders ADD COLUMN amount numeric(8,2)');
  await db.query("UPDATE orders SET amount = CASE id WHEN 1 THEN 'NaN'::numeric ELSE 7 END WHERE id % 6000 = 1");
  // The first range says it, and all are read as text from then on.
  let isCut = false;
  const afterRange = async (): Promise<void> => {
    const isText = (await extractSessions(db)).some(({ query }) => query.includes('"amount"::text AS'));
    if (!isText || isCut) return;
    isCut = true;
    await cut('readers');
  };
  const failing = attempt({ afterRange });
  await expect(failing).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  await db.query('UPDATE orders SET amount = 5');
  const { extracted, amounts } = await attempt({}, async (read) => ({
    extracted: read.extracted,
    amounts: await read.ask("string_agg(amount, ',' ORDER BY id) AS all"),
  }));
  expect(extracted.columns.at(-1)).toMatchObject({ name: 'amount', type: 'VARCHAR', sourceType: 'numeric(8,2)' });
  expect(amounts).toEqual({ all: 'NaN,7.00,7.00' });
});
