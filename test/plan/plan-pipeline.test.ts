import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadProject } from '../../src/config/load.js';
import { planPipeline } from '../../src/plan/plan-pipeline.js';
import type { Plan } from '../../src/plan/plan.js';
import { writtenProject, type FileChange } from '../support/written-project.js';

const ORDERS = 'id,amount\n1,2.5\n';
const MONTH = { month: '2024-01' };

/** Plans the pipeline `sum` of a written project, whose function has this body. */
async function planOf(body: string | undefined, changes: Readonly<Record<string, FileChange>> = {}): Promise<Plan> {
  return planPipeline(await loadProject(folderWith(body, changes)), 'sum', MONTH);
}

function folderWith(body: string | undefined, changes: Readonly<Record<string, FileChange>> = {}): string {
  const workflow: Readonly<Record<string, FileChange>> =
    body === undefined
      ? {}
      : {
          'workflows/sum.ts': `import { pipeline } from './project.js';\n\nexport const sum = pipeline('sum', async (run) => {\n${body}\n});\n`,
        };
  return writtenProject({ 'orders.csv': ORDERS, ...workflow, ...changes });
}

const EXTRACT = `run.extract('orders', { from: 'lake', path: 'orders.csv' })`;
const JUDGED = `const orders = await run.validate(${EXTRACT}, 'Order');`;
const LOAD = `run.load(orders, { to: 'lake', path: 'out.csv', mode: 'replace' })`;

/** Everything in a project but the packages, to which a link leads. */
function filesIn(folder: string): string[] {
  const own = readdirSync(folder).filter((name) => name !== 'node_modules');
  return own.flatMap((name) =>
    statSync(path.join(folder, name)).isDirectory()
      ? readdirSync(path.join(folder, name), { recursive: true, encoding: 'utf8' }).map((below) => path.join(name, below))
      : [name],
  );
}

const shape = ({ steps }: Plan): string[] => steps.map(({ stage, step }) => `${stage} ${step}`);

describe('a plan', () => {
  test('shows the steps with what they read, make and write, and changes nothing', async () => {
    const folder = folderWith(
      `${JUDGED}\n const totals = run.transform('totals', { orders });\n await Promise.all([run.load(totals, { to: 'lake', path: 'totals.csv', mode: 'replace' }), ${LOAD}]);`,
    );
    const before = filesIn(folder);
    const plan = await planPipeline(await loadProject(folder), 'sum', MONTH);
    expect(filesIn(folder)).toEqual(before);
    expect(plan).toMatchObject({ pipeline: 'sum', params: MONTH, partition: '2024-01', end: { kind: 'complete' } });
    expect(shape(plan)).toEqual([
      '1 extract:orders',
      '2 validate:orders',
      '3 load:lake.out.csv',
      '3 transform:totals',
      '4 load:lake.totals.csv',
    ]);
    const [extract, validate, load, transform] = plan.steps;
    expect(extract?.reads).toMatchObject({
      connection: 'lake',
      files: [{ name: 'orders.csv', bytes: ORDERS.length }],
      rows: null,
    });
    expect(extract?.columns?.map(({ name, type }) => `${name} ${type}`)).toEqual(['id VARCHAR', 'amount VARCHAR']);
    expect(validate?.columns?.map(({ name, type }) => `${name} ${type}`)).toEqual(['id BIGINT', 'amount DOUBLE']);
    expect(transform).toMatchObject({ inputs: ['orders'], columns: [{ name: 'month' }, { name: 'amount', type: 'DOUBLE' }] });
    expect(load).toMatchObject({
      inputs: ['orders'],
      writes: {
        target: 'lake.out.csv',
        mode: 'replace',
        key: ['id'],
        exists: false,
        columns: [{ name: 'id', type: 'BIGINT' }, {}],
      },
    });
  });

  test('shows checks of datasets, and goes on behind them', async () => {
    const config: FileChange = [
      '  pipelines: {',
      "  checks: { fit: checks({ inputs: { orders: Order } }, { 'ids are unique': unique(['id']) }) },\n  pipelines: {",
    ];
    const folder = folderWith(`${JUDGED}\n await run.check('fit', { orders });\n return ${LOAD};`);
    const written = writtenProject({ 'millrace.config.ts': config });
    const text = readFileSync(path.join(written, 'millrace.config.ts'), 'utf8');
    writeFileSync(
      path.join(folder, 'millrace.config.ts'),
      text.replace('import { contract,', 'import { checks, unique, contract,'),
    );
    const plan = await planPipeline(await loadProject(folder), 'sum', MONTH);
    expect(plan.end).toMatchObject({ kind: 'complete' });
    expect(shape(plan)).toEqual(['1 extract:orders', '2 validate:orders', '3 check:fit', '4 load:lake.out.csv']);
    expect(plan.steps[2]).toMatchObject({ step: 'check:fit', inputs: ['orders'] });
  });

  test('shows the files of a pattern, what JSON leaves open, and the filter', async () => {
    const plan = await planOf(
      `await run.extract('days', { from: 'lake', path: 'days/*.csv', where: { id: { gte: '1' } } });
       await run.extract('events', { from: 'lake', path: 'events.ndjson' });`,
      { 'days/a.csv': ORDERS, 'days/b.csv': ORDERS, 'events.ndjson': '{"a":1}\n' },
    );
    expect(plan.steps[0]?.reads).toMatchObject({
      files: [{ name: 'days/a.csv' }, { name: 'days/b.csv' }],
      bytes: 2 * ORDERS.length,
    });
    expect(plan.steps[0]?.reads?.where).toEqual({ id: { gte: '1' } });
    expect(plan.steps[1]?.columns).toBeNull();
    expect(shape(plan)).toEqual(['1 extract:days', '2 extract:events']);
  });

  test('follows loops, Promise.all and catch, as a run would', async () => {
    const plan = await planOf(
      `await Promise.all(['a', 'b'].map(async (name) => {
         for (const part of [1, 2]) {
           await run.extract(name + part, { from: 'lake', path: part === 1 ? 'orders.csv' : 'absent.csv' }).catch((error) => {
             if (error.type !== 'FILE_MISSING') throw error;
             return run.extract(name + 'instead', { from: 'lake', path: 'orders.csv' });
           });
         }
       }));`,
    );
    expect(plan.end).toEqual({ kind: 'complete' });
    expect(shape(plan)).toEqual([
      '1 extract:a1',
      '1 extract:b1',
      '2 extract:a2',
      '2 extract:b2',
      '3 extract:ainstead',
      '3 extract:binstead',
    ]);
    expect(plan.steps[2]?.notes).toMatchObject([{ severity: 'error', code: 'FILE_MISSING' }]);
  });
});

describe('what a run would fail with', () => {
  test.each([
    { body: `await run.extract('orders', { from: 'lake', path: 'absent.csv' });`, code: 'FILE_MISSING', message: 'absent.csv' },
    {
      body: `await run.extract('orders', { from: 'lake', table: 'orders' });`,
      code: 'OPTION_INVALID',
      message: 'use path, not table',
    },
    {
      body: `await run.extract('orders', { from: 'lake', path: 'orders.csv', columns: ['idd'] });`,
      code: 'COLUMN_MISSING',
      message: '"idd"',
    },
    {
      body: `await run.extract('orders', { from: 'pond' as never, path: 'x' });`,
      code: 'CONNECTION_UNKNOWN',
      message: 'It has: lake',
    },
    {
      body: `${JUDGED} await run.load(orders, { to: 'lake', path: 'out', mode: 'replace' });`,
      code: 'OPTION_INVALID',
      message: '.parquet, .csv',
    },
    {
      body: `${JUDGED} await run.load(orders, { to: 'lake', path: 'out', mode: 'merge' });`,
      code: 'CAPABILITY_MISSING',
      message: 'cannot merge',
    },
    {
      body: `const raw = await ${EXTRACT}; await run.transform('totals', { orders: raw as never });`,
      code: 'TRANSFORM_INPUTS',
      message: 'judged by none',
    },
    { body: `await Promise.all([${EXTRACT}, ${EXTRACT}]);`, code: 'STEP_DUPLICATE', message: 'extract:orders' },
    { body: `throw new Error('not today');`, code: 'STEP_FAILED', message: 'not today' },
  ])('$code, by the same words: $message', async ({ body, code, message }) => {
    const plan = await planOf(body);
    expect(plan.end).toMatchObject({ kind: 'fails', code, message: expect.stringContaining(message) as string });
  });

  test('is told at the step: a column that the contract needs and the file has not', async () => {
    const plan = await planOf(`${JUDGED} await ${LOAD};`, { 'orders.csv': 'idd,amount\n1,2\n' });
    expect(plan.end).toMatchObject({ kind: 'fails', code: 'FILE_HEADER' });
    expect(plan.steps.at(-1)).toMatchObject({ step: 'validate:orders', notes: [{ severity: 'error', code: 'FILE_HEADER' }] });
    expect(plan.steps.at(-1)?.notes[0]?.message).toContain('did you mean "idd"?');
  });

  test('is told at the step: SQL that does not fit the columns, with its line', async () => {
    const sql = 'SELECT $month AS month,\n  sum(amont) AS amount\nFROM orders\n';
    const plan = await planOf(`${JUDGED} await run.transform('totals', { orders });`, { 'transforms/totals.sql': sql });
    expect(plan.end).toMatchObject({ kind: 'fails', code: 'QUERY_FAILED' });
    expect(plan.steps.at(-1)?.notes[0]?.message).toMatch(/"amont" not found.*line 2.*transforms\/totals\.sql/s);
  });
});

describe('what only a run knows', () => {
  test('may be logged and returned', async () => {
    const plan = await planOf(
      `${JUDGED}
       run.log.info(\`Judged \${orders.rows} rows.\`, { rows: orders.rows, bytes: orders.bytes });
       const loaded = await ${LOAD};
       return { loaded, rows: loaded.rows, made: \`\${loaded.created}\` };`,
    );
    expect(plan.end).toEqual({ kind: 'complete' });
    expect(shape(plan).at(-1)).toBe('3 load:lake.out.csv');
  });

  test.each([
    { what: 'compared', body: `if ((orders.rows ?? 0) > 10) await ${LOAD};` },
    { what: 'held against a value', body: `if (orders.rows === 0) return; await ${LOAD};` },
    { what: 'taken as true', body: `if (orders.rows) await ${LOAD};` },
    {
      what: 'used in a name',
      body: `await run.load(orders, { to: 'lake', path: \`out-\${orders.rows}.csv\`, mode: 'replace' });`,
    },
    {
      what: 'computed with, and the failure of that caught',
      body: `try { await run.load(orders, { to: 'lake', path: 'o' + (Number(orders.rows) + 1), mode: 'replace' }); } catch { await ${LOAD}; }`,
    },
    { what: 'looked at where nothing follows', body: `if (orders.rows === 7) throw new Error('seven');` },
  ])('ends the plan where it is $what', async ({ body }) => {
    const plan = await planOf(`${JUDGED}\n${body}`);
    expect(plan.end).toMatchObject({
      kind: 'unknown',
      code: 'PLAN_ENDS',
      message: expect.stringContaining('rows of orders') as string,
    });
    expect(shape(plan)).toEqual(['1 extract:orders', '2 validate:orders']);
  });

  test('ends the plan where it is Temporal’s', async () => {
    const folder = folderWith(undefined, {
      'workflows/sum.ts': `import { sleep } from '@temporalio/workflow';\nimport { pipeline } from './project.js';\n\nexport const sum = pipeline('sum', async (run) => {\n  await ${EXTRACT};\n  await sleep('1 day');\n});\n`,
    });
    const plan = await planPipeline(await loadProject(folder), 'sum', MONTH);
    expect(plan.end).toMatchObject({ kind: 'unknown', message: expect.stringContaining("Temporal's own library") as string });
  });
});

describe('a plan that cannot begin', () => {
  test.each([
    { name: 'summ', params: MONTH, code: 'PIPELINE_UNKNOWN', message: 'Did you mean "sum"?' },
    { name: 'sum', params: {}, code: 'PARAMETERS_INVALID', message: 'month: ' },
    { name: 'sum', params: { month: '2023-12' }, code: 'PARAMETERS_INVALID', message: 'begin with 2024-01' },
    { name: 'sum', params: { ...MONTH, more: 1 }, code: 'PARAMETERS_INVALID', message: 'more' },
  ])('$code: $message', async ({ name, params, code, message }) => {
    const project = await loadProject(folderWith(undefined));
    await expect(planPipeline(project, name, params)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
  });

  test('says which file does not load', async () => {
    const folder = folderWith(undefined);
    writeFileSync(path.join(folder, 'workflows/sum.ts'), 'export const sum = ;\n');
    await expect(planPipeline(await loadProject(folder), 'sum', MONTH)).rejects.toMatchObject({ code: 'WORKFLOW_INVALID' });
  });
});

describe('a plan of a pipeline that asks people', () => {
  const ASKS = (title: string): string => `run.approve({ title: ${title}, roles: ['finance'], needed: 2, as: 'publish' })`;

  test('shows what they are asked, and goes on as if they had approved', async () => {
    const plan = await planOf(`${JUDGED}\nawait ${ASKS("'Publish ' + String(orders.rows) + ' rows?'")};\nreturn ${LOAD};`);
    expect(shape(plan)).toEqual(['1 extract:orders', '2 validate:orders', '3 approve:publish', '4 load:lake.out.csv']);
    expect(plan.steps[2]).toMatchObject({
      kind: 'approve',
      summary: 'Publish ‹rows of orders› rows? (by 2 people of finance)',
      inputs: [],
      notes: [],
    });
    expect(plan.end).toEqual({ kind: 'complete' });
  });

  test('ends where it matters who has approved', async () => {
    const plan = await planOf(
      `const { approvedBy } = await ${ASKS("'Publish?'")};\nif (approvedBy.length > 1) return ${EXTRACT};`,
    );
    expect(plan.end).toMatchObject({ kind: 'unknown', code: 'PLAN_ENDS' });
    expect(shape(plan)).toEqual(['1 approve:publish']);
  });
});
