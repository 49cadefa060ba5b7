import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { TransientError } from '../../src/core/errors.js';
import { HEADER, MENDED, openQuarantine, ROWS, type QuarantineScene } from './quarantine-scene.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let scene: QuarantineScene;
/** Where the next load fails as if its worker had been killed there. */
let breaksAt: string | undefined;

beforeAll(async () => {
  scene = await openQuarantine({
    async checkpoint(name) {
      if (name !== breaksAt) return;
      breaksAt = undefined;
      throw new TransientError('INTERRUPTED', `Broken at ${name}`);
    },
  });
});

afterAll(() => scene?.close());

describe.each(['append', 'merge', 'replace'] as const)('rows that a load by %s was missing', (mode) => {
  const target = `by_${mode}`;
  const id = `take-${mode}`;

  beforeAll(async () => {
    scene.write(`${mode}.csv`, HEADER, ...ROWS);
    await scene.run('take', { path: `${mode}.csv`, target, mode }, id);
  });

  test('come back when the contract is mended, and what still fails is rejected again with its place', async () => {
    expect(await scene.idsOf(target)).toEqual([1, 2]);
    const replay = await scene.under(MENDED, () => scene.replay(id));
    expect(replay.result).toEqual({
      judged: 3,
      accepted: 2,
      rejected: 1,
      skipped: 0,
      loads: [expect.objectContaining({ target: `warehouse.public.${target}`, rows: 2 })],
    });
    expect(await scene.idsOf(target)).toEqual([1, 2, 3, 4]);
    const [row] = await scene.db.query(`SELECT note, amount FROM ${target} WHERE id = 3`);
    expect(row).toEqual({ note: 'late, but true', amount: -5 });
    const again = JSON.parse((await scene.cli('quarantine', replay.workflowId, '--json')).stdout) as {
      steps: { rejected: number; sample: { source: string; line: number; number: number }[] }[];
    };
    expect(again.steps).toMatchObject([{ rejected: 1, sample: [{ source: `${mode}.csv`, line: 6, number: 3 }] }]);
  });

  test('are loaded no second time, whoever replays them', async () => {
    const replays = await scene.under(MENDED, () => Promise.all([scene.replay(id), scene.replay(id)]));
    for (const { result } of replays) expect(result).toMatchObject({ judged: 1, rejected: 1, skipped: 2, loads: [] });
    expect(await scene.idsOf(target)).toEqual([1, 2, 3, 4]);
  });

  test('are told of by the quarantine of the first run', async () => {
    const shown = await scene.cli('quarantine', id);
    expect(shown.code).toBe(0);
    expect(shown.stdout).toMatch(/validate:orders: 3 of 5 rows rejected by contract Order/);
    expect(shown.stdout).toMatch(
      new RegExp(`2 of them came back into warehouse\\.public\\.${target} on .* by replayQuarantine-`),
    );
  });
});

test('an export has the values as they were, with their place and the reasons, and comes back edited', async () => {
  scene.write('edit.csv', HEADER, ...ROWS, '6,7');
  await scene.run('take', { path: 'edit.csv', target: 'edited', mode: 'append' }, 'edit');
  const file = path.join(scene.folder, 'edit.csv');
  const exported = await scene.cli('quarantine', 'export', 'edit', '--to', file);
  expect(exported).toMatchObject({ code: 0, stderr: '' });
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  expect(lines).toHaveLength(5);
  expect(lines[1]).toMatch(/^"3","-5","late, but true","2024-01","1","edit@[^"]+","validate:orders","edit\.csv","4",/);
  expect(lines[1]).toMatch(/""code"":""too_small"",""path"":""amount""/);
  expect(lines[4]).toMatch(/"6,7"$/);
  const edited = lines
    .map((line) => line.replace('"-5"', '"5"').replace('"x"', '"5"').replace(/^,,,,/, '"6","7",,"2024-01",'))
    .filter((line) => !line.startsWith('"4"'));
  writeFileSync(file, `${edited.join('\n')}\n`);
  const replay = await scene.cli('quarantine', 'replay', 'edit', 'orders', '--from', file, '--wait');
  expect(replay).toMatchObject({ code: 0, stderr: '' });
  expect(await scene.idsOf('edited')).toEqual([1, 2, 3, 5, 6]);
  const again = await scene.cli('quarantine', 'replay', 'edit', '--from', file, '--wait');
  expect(again.code).toBe(0);
  expect(await scene.idsOf('edited')).toEqual([1, 2, 3, 5, 6]);
});

describe('nothing is loaded twice', () => {
  test.each(['load.before-commit', 'load.committed'] as const)('when a replay breaks at %s', async (checkpoint) => {
    const target = `broken_${checkpoint.replaceAll(/\W/g, '_')}`;
    scene.write('broken.csv', HEADER, ...ROWS);
    const id = await scene.run('take', { path: 'broken.csv', target, mode: 'append' });
    const replay = await scene.under(MENDED, () => {
      breaksAt = checkpoint;
      return scene.replay(id);
    });
    expect(breaksAt).toBeUndefined();
    expect(replay.result).toMatchObject({ accepted: 2, loads: [{ rows: 2 }] });
    expect(await scene.idsOf(target)).toEqual([1, 2, 3, 4]);
  });

  test('when three people replay at once', async () => {
    scene.write('race.csv', HEADER, ...ROWS);
    const id = await scene.run('take', { path: 'race.csv', target: 'race', mode: 'append' });
    const replays = await scene.under(MENDED, () => Promise.all([1, 2, 3].map(() => scene.replay(id))));
    for (const { result } of replays) expect(result).toMatchObject({ rejected: 1 });
    expect(await scene.idsOf('race')).toEqual([1, 2, 3, 4]);
  });

  test('when a partition is loaded again after a replay: that load takes the place of both', async () => {
    scene.write('2024-01.csv', HEADER, ...ROWS);
    const first = await scene.run('monthOf', { month: '2024-01' }, 'monthOf/2024-01');
    await scene.under(MENDED, () => scene.replay(first));
    expect(await scene.idsOf('by_month')).toEqual([1, 2, 3, 4]);
    scene.write('2024-01.csv', HEADER, ...ROWS, '7,70,,2024-01');
    await scene.run('monthOf', { month: '2024-01' }, 'again');
    expect(await scene.idsOf('by_month')).toEqual([1, 2, 7]);
    const late = await scene.under(MENDED, () => scene.replay('again'));
    expect(late.result).toMatchObject({ accepted: 2 });
    expect(await scene.idsOf('by_month')).toEqual([1, 2, 3, 4, 7]);
  });
});

describe('a merge that comes late', () => {
  test('leaves alone what later loads have written under the same keys, and says so', async () => {
    scene.write('old.csv', HEADER, ...ROWS);
    const id = await scene.run('take', { path: 'old.csv', target: 'late', mode: 'merge' });
    scene.write('new.csv', HEADER, '3,30,newer,2024-02');
    await scene.run('take', { path: 'new.csv', target: 'late', mode: 'merge' });
    const { result } = await scene.under(MENDED, () => scene.replay(id));
    expect(result).toMatchObject({ accepted: 2, loads: [{ rows: 2, leftOut: 1 }] });
    expect(await scene.db.query('SELECT id::int AS id, note FROM late ORDER BY id')).toEqual([
      { id: 1, note: null },
      { id: 2, note: '' },
      { id: 3, note: 'newer' },
      { id: 4, note: null },
    ]);
  });
});

describe('typed rows', () => {
  test('come back from PostgreSQL with their types, long values whole', async () => {
    const long = 'x'.repeat(900);
    await scene.db
      .query(`CREATE TABLE incoming AS SELECT 1::bigint AS id, 12.5::float8 AS amount, '${long}'::text AS note, '2024-01'::text AS month
      UNION ALL SELECT 9007199254740991, -0.1, NULL, 'never' UNION ALL SELECT 2, 1e300, '', '2024-01'`);
    const id = await scene.run('take', { table: 'incoming', target: 'typed', mode: 'append' });
    const { result } = await scene.under(MENDED, () => scene.replay(id));
    expect(result).toMatchObject({ accepted: 2, rejected: 0 });
    const difference = await scene.db.query(
      'SELECT id, amount, note, month FROM incoming EXCEPT ALL SELECT id, amount, note, month FROM typed',
    );
    expect(difference).toEqual([]);
  });

  test('are refused in an edited file where a value is none of the type', async () => {
    await scene.db.query(
      `CREATE TABLE one_bad AS SELECT 1::bigint AS id, -1::float8 AS amount, NULL::text AS note, '2024-01'::text AS month`,
    );
    await scene.run('take', { table: 'one_bad', target: 'one', mode: 'append' }, 'one');
    const file = path.join(scene.folder, 'one.ndjson');
    expect(await scene.cli('quarantine', 'export', 'one', '--to', file)).toMatchObject({ code: 0 });
    writeFileSync(file, readFileSync(file, 'utf8').replace('"-1.0"', '"lots"'));
    const refused = await scene.cli('quarantine', 'replay', 'one', '--from', file);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/"lots", in column "amount" of row number 1 \(orders:1\), is no DOUBLE.*\[QUARANTINE_FILE\]/);
    writeFileSync(file, readFileSync(file, 'utf8').replace('"lots"', '2.5'));
    expect(await scene.cli('quarantine', 'replay', 'one', '--from', file, '--wait')).toMatchObject({ code: 0 });
    expect(await scene.db.query('SELECT amount FROM one')).toEqual([{ amount: 2.5 }]);
  });
});

describe('a replay is refused', () => {
  test('when a transform was made of the accepted rows, naming the command that does it', async () => {
    scene.write('sum.csv', HEADER, ...ROWS);
    await scene.run('sumUp', { path: 'sum.csv' }, 'sum');
    const refused = await scene.replay('sum');
    expect(refused).toMatchObject({ code: 'REPLAY_UNSUITED' });
    expect(refused.message).toContain('`millrace retry sum --from validate:orders`');
    const early = await scene.cli('quarantine', 'replay', 'sum');
    expect(early.stderr).toMatch(/transform:totals.*\[REPLAY_UNSUITED\]/);
  });

  test('when a later load has replaced the target, or the table is gone', async () => {
    scene.write('first.csv', HEADER, ...ROWS);
    const first = await scene.run('take', { path: 'first.csv', target: 'replaced', mode: 'replace' });
    const second = await scene.run('take', { path: 'first.csv', target: 'replaced', mode: 'replace' });
    expect(await scene.under(MENDED, () => scene.replay(first))).toMatchObject({ code: 'REPLAY_OUTDATED' });
    expect(await scene.idsOf('replaced')).toEqual([1, 2]);
    await scene.db.query('DROP TABLE replaced');
    const refused = await scene.under(MENDED, () => scene.replay(second));
    expect(refused).toMatchObject({ code: 'REPLAY_OUTDATED', message: expect.stringContaining('not there any more') as string });
  });

  test('when the target is files, which take no rows later', async () => {
    scene.write('files.csv', HEADER, ...ROWS);
    const id = await scene.run('take', { path: 'files.csv', to: 'lake', target: 'out', mode: 'append' });
    expect(await scene.under(MENDED, () => scene.replay(id))).toMatchObject({ code: 'REPLAY_UNSUITED' });
  });

  test('for a run that rejected nothing, a step that it has not, and a replay', async () => {
    scene.write('good.csv', HEADER, '1,1,,2024-01');
    const good = await scene.run('take', { path: 'good.csv', target: 'good', mode: 'append' });
    expect(await scene.cli('quarantine', 'replay', good)).toMatchObject({
      stderr: expect.stringMatching(/rejected no rows\. \[QUARANTINE_UNKNOWN\]/) as string,
    });
    expect(await scene.cli('quarantine', 'replay', 'take-append', 'polish')).toMatchObject({
      stderr: expect.stringMatching(/no step "polish".*validate:orders\. \[QUARANTINE_UNKNOWN\]/) as string,
    });
    const replay = await scene.replay('take-append');
    expect(await scene.replay(replay.workflowId)).toMatchObject({ code: 'REPLAY_UNSUITED' });
  });
});

describe('an edited file is refused', () => {
  let lines: string[];
  const file = (name: string): string => path.join(scene.folder, name);

  beforeAll(async () => {
    scene.write('files-edit.csv', HEADER, ...ROWS);
    await scene.run('take', { path: 'files-edit.csv', target: 'files_edit', mode: 'append' }, 'files-edit');
    await scene.cli('quarantine', 'export', 'files-edit', '--to', file('whole.csv'));
    lines = readFileSync(file('whole.csv'), 'utf8').trim().split('\n');
  });

  test.each([
    ['with a row twice', (all: string[]) => [...all, all[1] as string], /the same row more than once: number 1/],
    [
      'with a row that was not rejected',
      (all: string[]) => [...all, (all[1] as string).replace('"2024-01","1"', '"2024-01","77"')],
      /not rejected by this step: number 77/,
    ],
    [
      'with rows of another run',
      (all: string[]) => all.map((line) => line.replace('files-edit@', 'other@')),
      /of another run or step \(other@/,
    ],
    ['without a column', (all: string[]) => all.map((line) => line.replace(/^"?[^,]*"?,/, '')), /lacks the column id/],
    [
      'with a strange column',
      (all: string[]) => all.map((line, at) => `${line},${at === 0 ? 'amuont' : '1'}`),
      /"amuont" \(Did you mean "amount"\?\)/,
    ],
    ['without numbers', (all: string[]) => all.map((line) => line.replace('"2024-01","1"', '"2024-01",')), /lack their number/],
  ] as const)('%s', async (_, change, why) => {
    writeFileSync(file('wrong.csv'), `${change(lines).join('\n')}\n`);
    const refused = await scene.cli('quarantine', 'replay', 'files-edit', '--from', file('wrong.csv'));
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(why) as string });
    expect(refused.stderr).toContain('[QUARANTINE_FILE]');
  });

  test('that is not there, is of no known format, or is nothing of the kind', async () => {
    const refusal = async (name: string): Promise<string> =>
      (await scene.cli('quarantine', 'replay', 'files-edit', '--from', file(name))).stderr;
    expect(await refusal('none.csv')).toMatch(/There is no file .*\[QUARANTINE_FILE\]/);
    expect(await refusal('rows.xlsx')).toMatch(/does not tell its format.*\[QUARANTINE_FILE\]/);
    writeFileSync(file('broken.parquet'), 'PAR1 no');
    expect(await refusal('broken.parquet')).toMatch(/cannot be read as PARQUET.*\[QUARANTINE_FILE\]/);
    const taken = await scene.cli('quarantine', 'export', 'files-edit', '--to', file('whole.csv'));
    expect(taken.stderr).toMatch(/is there already.*\[QUARANTINE_FILE\]/);
  });
});

test('a Parquet and a JSON export come back as they are, and change nothing while the contract is the same', async () => {
  scene.write('formats.csv', HEADER, ...ROWS);
  await scene.run('take', { path: 'formats.csv', target: 'formats', mode: 'append' }, 'formats');
  for (const end of ['parquet', 'json']) {
    const file = path.join(scene.folder, `formats.${end}`);
    expect(await scene.cli('quarantine', 'export', 'formats', '--to', file)).toMatchObject({ code: 0 });
    const replay = await scene.cli('quarantine', 'replay', 'formats', '--from', file, '--wait', '--json');
    expect(replay.code).toBe(0);
    expect(replay.stdout).toContain('"judged":3,"accepted":0,"rejected":3');
  }
  expect(await scene.idsOf('formats')).toEqual([1, 2]);
});
