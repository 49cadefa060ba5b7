import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCatalog, type RunRow } from '../../src/catalog/index.js';
import { journalOf } from '../../src/operations/journal.js';
import { runText } from '../../src/cli/run-text.js';
import { runView } from '../../src/operations/run-view.js';
import { quoteLiteral } from '../../src/core/filter.js';
import { withContext } from '../conformance/context.js';
import { atRest, failureOf, noon, openChangesScene, stepsOf, type ChangesScene } from './changes-scene.js';

let scene: ChangesScene;
beforeAll(async () => {
  scene = await openChangesScene();
});
afterAll(() => scene?.close());

describe.each(['merge', 'append'] as const)('loading what has changed by %s', (mode) => {
  const params = { mode };
  /** A target of its own for a test, whose source has rows of three days. */
  async function target(purpose: string): Promise<string> {
    const name = `${mode}_${purpose}`;
    await scene.makeSource(name);
    await scene.change(name, ...[1, 2, 3].map((id) => ({ id, amount: id, at: noon(id) })));
    return name;
  }

  test('loads everything the first time, then what is new, then nothing', async () => {
    const name = await target('first');
    const first = `${noon(3).slice(0, -1)}.000000Z`;
    expect(await scene.load(name, params)).toMatchObject({ rows: 3, created: true, watermark: first });
    await scene.change(name, { id: 4, amount: 4, at: noon(4) }, { id: 5, amount: 5, at: noon(4) });
    expect(await scene.load(name, params)).toMatchObject({ rows: mode === 'merge' ? 3 : 2, created: false });
    expect(await scene.load(name, params)).toMatchObject({ rows: mode === 'merge' ? 2 : 0, alreadyDone: false });
    expect(await scene.rowsOf(name)).toEqual(['1:1', '2:2', '3:3', '4:4', '5:5']);
    expect(await scene.rangesOf(name)).toEqual(['-3', '3-4', '4-4']);
  });

  test('begins with nothing where there is nothing', async () => {
    const name = `${mode}_empty`;
    await scene.makeSource(name);
    expect(await scene.load(name, params)).toMatchObject({ rows: 0, watermark: null });
    await scene.change(name, { id: 1, amount: 1, at: noon(1) });
    await scene.load(name, params);
    expect(await scene.rowsOf(name)).toEqual(['1:1']);
    expect(await scene.rangesOf(name)).toEqual(['-', '-1']);
  });

  test('two runs at once: one loads, the other is refused, and the next one gets everything', async () => {
    const name = await target('race');
    const runs = await Promise.all([1, 2].map(() => scene.start(name, { ...params, pauseBefore: 'load' })));
    for (const run of runs) await atRest(run, 'validate:changes');
    for (const run of runs) await run.signal('goOn');
    const ends = await Promise.all(runs.map(failureOf));
    const refused = ends.filter((end) => !end.startsWith('no failure'));
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatch(
      new RegExp(
        `^Step load:warehouse\\.${name} failed: The watermark of warehouse\\.public\\.${name} is "2024-01-03T12:00:00\\.000000Z", and the range to load begins after not set\\. Load .* has moved it\\. Nothing was loaded\\. .*\\[WATERMARK_MOVED\\]$`,
      ),
    );
    await scene.change(name, { id: 4, amount: 4, at: noon(4) });
    await scene.load(name, params);
    expect(await scene.rowsOf(name)).toEqual(['1:1', '2:2', '3:3', '4:4']);
  });

  test('a refused run is retried: it asks again and reads on from there', async () => {
    const name = await target('refused');
    const late = await scene.start(name, { ...params, pauseBefore: 'load' });
    await atRest(late, 'validate:changes');
    await scene.load(name, params);
    await late.signal('goOn');
    expect(await failureOf(late)).toMatch(/\[WATERMARK_MOVED\]$/);
    await scene.change(name, { id: 4, amount: 4, at: noon(4) });
    const again = await scene.retry(late, name, params);
    await again.result();
    expect(await stepsOf(again)).toEqual([
      `watermark:warehouse.${name} done`,
      'extract:changes done',
      'validate:changes done',
      `load:warehouse.${name} done`,
    ]);
    expect(await scene.rowsOf(name)).toEqual(['1:1', '2:2', '3:3', '4:4']);
    expect(await scene.rangesOf(name)).toEqual(['-3', '3-4']);
  });

  test('a run that was cancelled before its load is retried with what it has read', async () => {
    const name = await target('cancelled');
    const first = await scene.start(name, { ...params, pauseBefore: 'load' });
    await atRest(first, 'validate:changes');
    await first.cancel();
    expect(await failureOf(first)).not.toMatch(/^no failure/);
    await scene.change(name, { id: 4, amount: 4, at: noon(4) });
    const again = await scene.retry(first, name, params);
    await again.result();
    expect(await stepsOf(again)).toEqual([
      `watermark:warehouse.${name} done`,
      'extract:changes reused',
      'validate:changes reused',
      `load:warehouse.${name} done`,
    ]);
    expect(await scene.rowsOf(name)).toEqual(['1:1', '2:2', '3:3']);
    await scene.load(name, params);
    expect(await scene.rowsOf(name)).toEqual(['1:1', '2:2', '3:3', '4:4']);
  });

  test('an old run that is retried after later ones changes nothing', async () => {
    const name = await target('old');
    const old = await scene.start(name, params);
    await old.result();
    await scene.change(name, { id: 2, amount: 22, at: noon(4) });
    await scene.load(name, params);
    const before = await scene.rowsOf(name);
    for (const from of [undefined, `load:warehouse.${name}`, 'extract:changes']) {
      const again = await scene.retry(old, name, params, from);
      await again.result();
    }
    expect(await scene.rowsOf(name)).toEqual(before);
    expect(before).toEqual(mode === 'merge' ? ['1:1', '2:22', '3:3'] : ['1:1', '2:2', '2:22', '3:3']);
    expect(await scene.rangesOf(name)).toEqual(['-3', '3-4']);
    await scene.change(name, { id: 5, amount: 5, at: noon(5) });
    await scene.load(name, params);
    expect(await scene.rowsOf(name)).toEqual([...before, '5:5']);
  });

  test('rows that come late are found within the lag', async () => {
    const name = await target('late');
    await scene.load(name, params);
    await scene.change(name, { id: 4, amount: 4, at: noon(2) }, { id: 5, amount: 5, at: noon(4) });
    await scene.load(name, { ...params, lag: '36 hours' });
    // An append has them by the range alone: what lies before it counts as loaded.
    const late = mode === 'merge' ? ['4:4'] : [];
    expect(await scene.rowsOf(name)).toEqual(['1:1', '2:2', '3:3', ...late, '5:5']);
  });

  test('a target that was dropped is loaded from the beginning', async () => {
    const name = await target('dropped');
    await scene.load(name, params);
    await scene.change(name, { id: 4, amount: 4, at: noon(4) });
    await scene.load(name, params);
    await scene.db.query(`DROP TABLE public.${name}`);
    expect(await scene.load(name, params)).toMatchObject({ rows: 4, created: true });
    expect(await scene.load(name, params)).toMatchObject({ rows: mode === 'merge' ? 1 : 0 });
    expect(await scene.rowsOf(name)).toEqual(['1:1', '2:2', '3:3', '4:4']);
  });

  test('judging and loading at the same time does the same', async () => {
    const name = await target('joint');
    await scene.load(name, params, 'loadChangesTogether');
    await scene.change(name, { id: 4, amount: 4, at: noon(4) });
    await scene.load(name, params, 'loadChangesTogether');
    expect(await scene.rowsOf(name)).toEqual(['1:1', '2:2', '3:3', '4:4']);
    expect(await scene.rangesOf(name)).toEqual(['-3', '3-4']);
  });
});

describe('a folder of files', () => {
  const rowsIn = async (folder: string): Promise<string[]> => {
    const files = quoteLiteral(join(scene.lake, folder, '*.parquet'));
    return withContext(async ({ session }) => {
      const rows = await session.rows<{ row: string }>(
        `SELECT id || ':' || amount AS row FROM read_parquet(${files}) ORDER BY id`,
      );
      return rows.map(({ row }) => row);
    });
  };

  test('gets what has changed, a file for each load, and tells how far it has got', async () => {
    await scene.makeSource('exported');
    await scene.change('exported', { id: 1, amount: 1, at: noon(1) }, { id: 2, amount: 2, at: noon(2) });
    expect(await scene.load('exported', {}, 'exportChanges')).toMatchObject({ target: 'lake.exported', rows: 2 });
    await scene.change('exported', { id: 3, amount: 3, at: noon(2) }, { id: 4, amount: 4, at: noon(4) });
    expect(await scene.load('exported', { lag: '2 days' }, 'exportChanges')).toMatchObject({ rows: 1 });
    expect(await scene.load('exported', {}, 'exportChanges')).toMatchObject({ rows: 0 });
    // The third row came late, with a time that counts as loaded.
    expect(await rowsIn('exported')).toEqual(['1:1.0', '2:2.0', '4:4.0']);
  });

  test('refuses rows without a cursor, and stays where it is', async () => {
    await scene.makeSource('without');
    await scene.change('without', { id: 1, amount: 1, at: noon(1) }, { id: 2, amount: 2 });
    const run = await scene.start('without', {}, 'exportChanges');
    expect(await failureOf(run)).toMatch(
      /^Step load:lake\.without failed: 1 of 2 rows to append to lake\.without have no value in the cursor "changed_at".*\[CURSOR_NULL\]$/,
    );
    await scene.change('without', { id: 2, amount: 2, at: noon(3) });
    await scene.load('without', {}, 'exportChanges');
    expect(await rowsIn('without')).toEqual(['1:1.0', '2:2.0']);
  });
});

test('a merge takes rows without a cursor every time', async () => {
  await scene.makeSource('unmarked');
  await scene.change('unmarked', { id: 1, amount: 1, at: noon(1) }, { id: 2, amount: 2 });
  await scene.load('unmarked', { mode: 'merge' });
  await scene.change('unmarked', { id: 2, amount: 22 }, { id: 3, amount: 3 });
  await scene.load('unmarked', { mode: 'merge' });
  expect(await scene.rowsOf('unmarked')).toEqual(['1:1', '2:22', '3:3']);
});

test('watermarks of two names in one target are kept apart', async () => {
  await scene.makeSource('named');
  await scene.change('named', { id: 1, amount: 1, at: noon(1) });
  await scene.load('named', { mode: 'append', name: 'north' });
  expect(await scene.load('named', { mode: 'append', name: 'south' })).toMatchObject({ rows: 1 });
  expect(await scene.load('named', { mode: 'append', name: 'north' })).toMatchObject({ rows: 0 });
  expect(await scene.rowsOf('named')).toEqual(['1:1', '1:1']);
});

test('a run shows what it has read, and how far its target has got', async () => {
  await scene.makeSource('shown');
  await scene.change('shown', { id: 1, amount: 1, at: noon(1) });
  await scene.load('shown', { mode: 'merge' });
  await scene.change('shown', { id: 2, amount: 2 }, { id: 3, amount: 3, at: noon(3) });
  const run = await scene.start('shown', { mode: 'merge', lag: '1 day' });
  await run.result();
  const catalog = await openCatalog(scene.worker.project.catalog);
  const row = await catalog.findRun(run.workflowId);
  const steps = await catalog.listSteps(run.workflowId, run.firstExecutionRunId);
  const text = runText(
    runView(row, { steps, schemaChanges: [], checks: [], auditOverrides: [], decisions: [], approvals: [] }, undefined),
  );
  const attempts = await catalog.listAttempts(run.workflowId, run.firstExecutionRunId);
  await catalog.close();
  const lines = journalOf({ run: row as RunRow, attempts, takenOver: [], log: [], interventions: [] });
  const [first, third] = ['2024-01-01T12:00:00.000000Z', '2024-01-03T12:00:00.000000Z'];
  const range = `changed_at 2023-12-31T12:00:00.000000Z to ${third}, the watermark being ${first}, and 1 row without it`;
  expect(text).toMatch(new RegExp(`watermark:warehouse.shown +done.*watermark changed_at ${first}`));
  expect(text).toContain(range);
  expect(text).toContain(`warehouse.public.shown, watermark ${third}`);
  expect(lines.map(({ message }) => message).join('\n')).toContain(`by merge, watermark ${third}`);
});
