import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DatasetRef } from '../../src/core/dataset.js';
import { datasetSelect } from '../../src/engine/dataset-sql.js';
import { openFolderStaging } from '../../src/engine/folder-staging.js';
import { createLargeTable, extractSessions, fillLargeTable, SUM, sumOf, type Sum } from '../connectors/postgres/read-table.js';
import { withContext } from '../conformance/context.js';
import { temporaryFolder } from '../support/folder.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startProjectWorker, type ProjectWorker } from '../support/project-worker.js';
import { until } from '../support/until.js';
import { writtenProject } from '../support/written-project.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

const PROJECT = {
  'millrace.config.ts': `import { defineProject, env, postgres } from 'millrace/config';
import { z } from 'zod';

export default defineProject({
  connections: { shop: postgres({ url: env('INTERRUPTED_SHOP_URL') }) },
  contracts: {},
  transforms: {},
  pipelines: { copy: { params: z.object({ table: z.string(), wait: z.string() }) } },
});
`,
  'workflows/copy.ts': `import { pipeline } from './project.js';

export const copy = pipeline('copy', (run, { table, wait }) =>
  run.extract('rows', { from: 'shop', table, retry: { initialInterval: wait as '1s', maximumInterval: '1 hour' } }),
);
`,
  'workflows/index.ts': `export { copy } from './copy.js';\n`,
};

interface Scene {
  readonly worker: ProjectWorker;
  readonly before: Sum;
  /** How many ranges were read, over all attempts. */
  readonly ranges: () => number;
  /** Folders of attempts. */
  readonly attempts: () => string[];
}

/** A worker, and a table of four ranges whose readers are cut off, once, when two are finished. */
async function scene(table: string, afterCut: () => Promise<unknown> = () => Promise.resolve()): Promise<Scene> {
  await createLargeTable(db, table);
  await fillLargeTable(db, table, 6_001, 12_000);
  const before = await sumOf(db, table);
  let ranges = 0;
  let cut: Promise<unknown> | undefined;
  // Whoever finishes a range from the second on waits until it is cut off too, so that nobody is left to read the last one.
  const checkpoint = async (name: string): Promise<void> => {
    if (name === 'extract.range' && (ranges += 1) >= 2) await (cut ??= cutReaders().then(afterCut));
  };
  const folder = temporaryFolder();
  const worker = await startProjectWorker(writtenProject(PROJECT), folder, { INTERRUPTED_SHOP_URL: db.url }, { checkpoint });
  // It is made by the first attempt.
  const folderOfAttempts = path.join(folder, 'staging/attempts');
  const attempts = (): string[] => (existsSync(folderOfAttempts) ? readdirSync(folderOfAttempts) : []);
  return { worker, before, ranges: () => ranges, attempts };
}

/** Ends all sessions but the one that holds the snapshot. */
async function cutReaders(): Promise<void> {
  const [, ...readers] = await extractSessions(db);
  for (const { pid } of readers) await db.query('SELECT pg_terminate_backend($1)', [pid]);
}

/** What is there for another attempt: folders, and sessions of the server. */
const left = async ({ attempts }: Scene): Promise<number[]> => [attempts().length, (await extractSessions(db)).length];

async function untilLeft(running: Scene, folders: number, sessions: number): Promise<void> {
  await until(
    async () => String(await left(running)) === String([folders, sessions]),
    () => `there are the folders ${running.attempts().join()}`,
  );
}

test('a step whose readers were cut off ends with the rows of one moment, and reads nothing twice', async () => {
  const running = await scene('orders', async () => {
    await db.query("UPDATE orders SET note = 'changed' WHERE id % 3 = 0");
    await db.query('DELETE FROM orders WHERE id % 5 = 0');
  });
  const { worker, before, ranges } = running;
  try {
    const dataset = (await (await worker.start('copy', [{ table: 'orders', wait: '1s' }])).result()) as DatasetRef;
    const root = worker.project.staging.root;
    const manifest = await openFolderStaging(root).read(dataset.uri);
    const [read] = await withContext(({ session }) => session.rows<Sum>(`SELECT ${SUM} FROM (${datasetSelect(manifest, root)})`));
    expect(read).toEqual(before);
    expect(manifest.madeBy?.attempt).toBe(2);
    expect(ranges()).toBeLessThanOrEqual(4);
    await untilLeft(running, 0, 0);
  } finally {
    await worker.stop();
  }
});

test('a run that is cancelled between two attempts leaves neither files nor a snapshot', async () => {
  const running = await scene('cancelled');
  const { worker } = running;
  try {
    const run = await worker.start('copy', [{ table: 'cancelled', wait: '1 hour' }]);
    await untilLeft(running, 1, 1);
    // From then on the server waits for the time of the next attempt.
    const attempt = async (): Promise<unknown> => (await run.describe()).raw.pendingActivities?.[0]?.attempt;
    await until(
      async () => (await attempt()) === 2,
      () => 'the first attempt has not ended',
    );
    await run.cancel();
    await expect(run.result()).rejects.toThrow(/cancelled/i);
    await untilLeft(running, 0, 0);
  } finally {
    await worker.stop();
  }
});

test('a worker that stops between two attempts leaves neither files nor a snapshot', async () => {
  const running = await scene('stopped');
  const run = await running.worker.start('copy', [{ table: 'stopped', wait: '1 hour' }]);
  await untilLeft(running, 1, 1);
  await running.worker.stop();
  expect(running.attempts()).toEqual([]);
  await untilLeft(running, 0, 0);
  await run.terminate().catch(() => undefined);
});
