import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCatalog, type Catalog } from '../../src/catalog/index.js';
import { runText } from '../../src/cli/run-text.js';
import { runView } from '../../src/operations/run-view.js';
import { tellRun } from '../../src/rebuild/run-facts.js';
import { connectTemporal } from '../../src/temporal/connect.js';
import { readRunHistory } from '../../src/temporal/run-history.js';
import { temporalTarget } from '../../src/temporal/target.js';
import { TransientError } from '../../src/core/errors.js';
import type { LoadResult } from '../../src/core/load.js';
import { lastingFolder, temporaryFolder } from '../support/folder.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startProjectWorker, type ProjectWorker } from '../support/project-worker.js';
import { temporalAddress } from '../support/temporal.js';

const AUDITS = path.resolve(import.meta.dirname, '../fixtures/audits');
let db: TestDatabase;
let worker: ProjectWorker;
let catalog: Catalog;
let lake: string;
/** Where the next load breaks, once. */
let breaksAt: string | undefined;

/** Orders as id, customer, amount, month. */
async function write(file: string, rows: readonly string[]): Promise<void> {
  await writeFile(path.join(lake, file), `id,customer,amount,month\n${rows.join('\n')}\n`);
}

function checkpoint(name: string): Promise<void> {
  if (name !== breaksAt) return Promise.resolve();
  breaksAt = undefined;
  return Promise.reject(new TransientError('INTERRUPTED', `broken at ${name}`));
}

beforeAll(async () => {
  db = await createTestDatabase();
  lake = lastingFolder();
  await write('sound.csv', ['1,1,10,2024-01', '2,,20,2024-01']);
  await write('broken.csv', ['1,1,0,2024-01', '7,9,5,2024-02']);
  await write('more.csv', ['3,1,10,2024-01', '4,1,20,2024-01']);
  await db.query(`CREATE TABLE customers AS SELECT 1::bigint AS id, '2020-01-01'::text AS since`);
  worker = await startProjectWorker(
    AUDITS,
    lastingFolder(),
    {
      AUDITS_LAKE: lake,
      AUDITS_OUT: lastingFolder(),
      AUDITS_WAREHOUSE: db.url,
    },
    { checkpoint },
  );
  if (!('path' in worker.project.catalog)) throw new Error('The catalog is no file');
  catalog = await openCatalog(worker.project.catalog);
});

afterAll(async () => {
  await catalog?.close();
  await worker?.stop();
  await db?.drop();
});

async function failure(pipeline: string, args: readonly unknown[]) {
  const handle = await worker.start(pipeline, args);
  const error = await handle.result().then(
    () => undefined,
    (failed: WorkflowFailedError) => failed.cause as { message: string; type?: string },
  );
  if (!error) throw new Error(`${pipeline} did not fail`);
  return { run: handle.workflowId, code: error.type, message: error.message };
}

async function finished(pipeline: string, args: readonly unknown[]) {
  const handle = await worker.start(pipeline, args);
  return { run: handle.workflowId, result: (await handle.result()) as LoadResult };
}

async function checksOf(workflowId: string) {
  const run = await catalog.findRun(workflowId);
  return catalog.listCheckResults(workflowId, run?.runId ?? '');
}

const idsIn = async (table: string): Promise<number[]> =>
  (await db.query<{ id: string }>(`SELECT id::text FROM ${table} ORDER BY id`)).map(({ id }) => Number(id));

describe('a load with an audit', () => {
  test('that passes is published, and the catalog has what was found', async () => {
    const { run, result } = await finished('publish', [{ path: 'sound.csv', table: 'sound' }]);
    expect(result).toMatchObject({ rows: 2 });
    expect(result).not.toHaveProperty('audited');
    expect(await idsIn('sound')).toEqual([1, 2]);
    expect(await checksOf(run)).toMatchObject([
      { step: 'load:warehouse.sound', set: 'loadedFit', name: 'no free orders', passed: true },
      { name: 'of the month', passed: true },
      { name: 'with a customer', severity: 'warn', passed: false, observed: '50 % of customer without a value (1 of 2 rows)' },
    ]);
  });

  test('that fails leaves the target as it was, and says what, and how to go on', async () => {
    await finished('publish', [{ path: 'sound.csv', table: 'kept' }]);
    const failed = await failure('publish', [{ path: 'broken.csv', table: 'kept' }]);
    expect(failed).toMatchObject({
      code: 'AUDIT_FAILED',
      message: expect.stringContaining(
        'Step load:warehouse.kept failed: The audit refused the load into warehouse.kept, which is as it was: "no free orders" found in "orders": 1 row; wanted: no rows; such as {"id":1}.',
      ),
    });
    expect(failed.message).toContain(
      `millrace retry ${failed.run} --override-audit load:warehouse.kept --reason "…" [AUDIT_FAILED]`,
    );
    expect(await idsIn('kept')).toEqual([1, 2]);
    expect((await checksOf(failed.run)).map(({ name, passed }) => [name, passed])).toEqual([
      ['no free orders', false],
      ['of the month', false],
      ['with a customer', true],
    ]);
  });

  test('sees the target as it will be, and other tables that it is given', async () => {
    const merge = { table: 'merged', mode: 'merge' };
    await finished('publish', [{ path: 'sound.csv', ...merge, audit: 'targetFits' }]);
    const failed = await failure('publish', [{ path: 'more.csv', ...merge, audit: 'targetFits' }]);
    expect(failed.message).toContain('"few rows" found in "target": 4 rows; wanted: at most 3');
    expect(await idsIn('merged')).toEqual([1, 2]);
    const unknown = await failure('publish', [{ path: 'broken.csv', ...merge, audit: 'customersKnown' }]);
    expect(unknown.message).toContain('"customers exist" found in "orders": 1 row without a match');
  });

  test('that is joined to a judgement is asked all the same', async () => {
    const failed = await failure('publishJointly', [{ path: 'broken.csv', table: 'joint' }]);
    expect(failed).toMatchObject({ code: 'AUDIT_FAILED', message: expect.stringContaining('Step load:warehouse.joint failed') });
    expect((await finished('publishJointly', [{ path: 'sound.csv', table: 'joint' }])).result).toMatchObject({ rows: 2 });
  });

  test.each(['load.copied', 'load.before-commit', 'load.committed'])(
    'that breaks at %s is published once, with what was found',
    async (at) => {
      const table = `broken_${at.replaceAll(/\W/g, '_')}`;
      breaksAt = at;
      const { run, result } = await finished('publish', [{ path: 'sound.csv', table }]);
      expect(breaksAt).toBeUndefined();
      expect(result).toMatchObject({ rows: 2, alreadyDone: at === 'load.committed' });
      expect(await idsIn(table)).toEqual([1, 2]);
      expect((await checksOf(run)).map(({ name, passed }) => [name, passed])).toEqual([
        ['no free orders', true],
        ['of the month', true],
        ['with a customer', false],
      ]);
    },
  );

  test('into a connection that cannot ask is refused', async () => {
    expect(await failure('publishElsewhere', [{ path: 'sound.csv' }])).toMatchObject({
      code: 'CAPABILITY_MISSING',
      message: expect.stringContaining('Connection "out" (files) cannot audit a load. Check the datasets before it'),
    });
  });
});

describe('an audit that is overridden', () => {
  const params = { path: 'broken.csv', table: 'overridden' };
  const override = { step: 'load:warehouse.overridden', reason: 'a known gift', by: 'ada' };
  const retryOf = (workflowId: string) => ({ retryOf: { workflowId } });

  test('is asked again, publishes, and is kept and shown with who and why', async () => {
    const failed = await failure('publish', [params]);
    const { run, result } = await finished('publish', [params, { ...retryOf(failed.run), overrideAudit: override }]);
    expect(result).toMatchObject({ rows: 2, alreadyDone: false });
    expect(await idsIn('overridden')).toEqual([1, 7]);
    const row = await catalog.findRun(run);
    const runId = row?.runId ?? '';
    expect(await catalog.listAuditOverrides(run, runId)).toMatchObject([override]);
    const checks = await checksOf(run);
    expect(checks.filter(({ overridden }) => overridden)).toMatchObject([{ name: 'no free orders' }, { name: 'of the month' }]);
    const known = { steps: await catalog.listSteps(run, runId), schemaChanges: [], checks };
    const text = runText(
      runView(
        row,
        { ...known, auditOverrides: await catalog.listAuditOverrides(run, runId), decisions: [], approvals: [] },
        undefined,
      ),
    );
    expect(text).toMatch(/load:warehouse\.overridden +no free orders +overridden +1 row; wanted: no rows\n +such as \{"id":1\}/);
    expect(text).toMatch(/Audits overridden\n *load:warehouse\.overridden +ada, .* UTC: a known gift/);
  });

  test('is the audit of that step only, and of a run in which it failed', async () => {
    const failed = await failure('publish', [{ ...params, table: 'other' }]);
    const again = { ...retryOf(failed.run), overrideAudit: override };
    expect(await failure('publish', [{ ...params, table: 'other' }, again])).toMatchObject({
      code: 'RETRY_INVALID',
      message: expect.stringContaining(
        'no load "load:warehouse.overridden" whose audit failed. Those whose audit failed: load:warehouse.other',
      ),
    });
    expect((await failure('publish', [{ ...params, table: 'other' }, retryOf(failed.run)])).code).toBe('AUDIT_FAILED');
  });

  test('needs a reason, a name and a run', async () => {
    for (const control of [
      { overrideAudit: override },
      { ...retryOf('any'), overrideAudit: { ...override, reason: '  ' } },
      { ...retryOf('any'), overrideAudit: { step: 'load:x', reason: 'y' } },
    ]) {
      expect((await failure('publish', [params, control])).code).toBe('RETRY_INVALID');
    }
  });
});

test('a lost catalog learns from histories what audits found, and who overrode them', async () => {
  const params = { path: 'broken.csv', table: 'rebuilt' };
  const override = { step: 'load:warehouse.rebuilt', reason: 'a known gift', by: 'ada' };
  const failed = await failure('publish', [params]);
  const { run } = await finished('publish', [params, { retryOf: { workflowId: failed.run }, overrideAudit: override }]);
  const temporal = await connectTemporal(temporalTarget({ address: await temporalAddress() }));
  const rebuilt = await openCatalog({ path: path.join(temporaryFolder(), 'rebuilt.db') });
  try {
    for (const workflowId of [failed.run, run]) {
      const runId = (await catalog.findRun(workflowId))?.runId ?? '';
      const sources = { catalog: rebuilt, namespace: 'default', manifest: () => Promise.resolve(undefined) };
      await tellRun(sources, await readRunHistory(temporal, { workflowId, runId }));
      const told = (await rebuilt.listCheckResults(workflowId, runId)).map(({ name, passed, value }) => ({
        name,
        passed,
        value,
      }));
      const known = (await catalog.listCheckResults(workflowId, runId)).map(({ name, passed, value }) => ({
        name,
        passed,
        value,
      }));
      expect(told).toEqual(expect.arrayContaining(known));
      expect(told).toHaveLength(known.length);
      const decided = await catalog.listAuditOverrides(workflowId, runId);
      const decisions = decided.map(({ step, reason, by }) => ({ step, reason, by }));
      expect(await rebuilt.listAuditOverrides(workflowId, runId)).toMatchObject(decisions);
      expect(decisions).toHaveLength(workflowId === run ? 1 : 0);
    }
  } finally {
    await rebuilt.close();
    await temporal.close();
  }
});
