import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { replayHistories } from '../../src/testing/index.js';
import { lastingFolder, temporaryFolder } from '../support/folder.js';
import { startProjectWorker } from '../support/project-worker.js';
import { temporalAddress, temporalCli } from '../support/temporal.js';
import { writtenProject, type FileChange } from '../support/written-project.js';

const WORKFLOW = `import { pipeline } from './project.js';

export const sum = pipeline('sum', async (run) => {
  const orders = await run.validate(await run.extract('orders', { from: 'lake', path: 'orders.csv' }), 'Order');
  run.log.info('Judged.', { rows: orders.rows });
  return run.load(await run.transform('totals', { orders }), { to: 'lake', path: 'totals.csv', mode: 'replace' });
});
`;
const PROJECT = { 'orders.csv': 'id,amount\n1,2\n', 'workflows/sum.ts': WORKFLOW };

let recording: Promise<string> | undefined;

/** Runs the pipeline once, and keeps its history as a person would. Gives the folder that it is in. */
function recorded(): Promise<string> {
  return (recording ??= record());
}

async function record(): Promise<string> {
  const folder = lastingFolder();
  const worker = await startProjectWorker(writtenProject(PROJECT), lastingFolder(), {});
  try {
    const handle = await worker.start('sum', [{ month: '2024-01' }]);
    await handle.result();
    const [cli, address] = [await temporalCli(), await temporalAddress()];
    const show = ['workflow', 'show', '--workflow-id', handle.workflowId, '--address', address, '--output', 'json'];
    const shown = await promisify(execFile)(cli, show, { maxBuffer: 1 << 26 });
    writeFileSync(path.join(folder, 'sum.json'), shown.stdout);
    return folder;
  } finally {
    await worker.stop();
  }
}

const replay = async (changes: Readonly<Record<string, FileChange>>) =>
  replayHistories({ histories: await recorded(), directory: writtenProject({ ...PROJECT, ...changes }) });
const changed = (found: string, by: string) => replay({ 'workflows/sum.ts': WORKFLOW.replace(found, by) });

describe('a recorded history', () => {
  test('replays with the code that made it, and with changes that ask for the same steps', async () => {
    expect(await replay({})).toMatchObject([
      { pipeline: 'sum', file: path.join(await recorded(), 'sum.json'), events: expect.any(Number) as number },
    ]);
    expect(
      await changed(`run.log.info('Judged.', { rows: orders.rows });`, `if (orders.rows === -1) throw new Error('never');`),
    ).toHaveLength(1);
  });

  test('breaks with a step that comes before others, and says at which event and step', async () => {
    const more = `await run.extract('more', { from: 'lake', path: 'orders.csv' });\n  run.log.info('Judged.'`;
    await expect(changed(`run.log.info('Judged.'`, more)).rejects.toMatchObject({
      code: 'REPLAY_FAILED',
      message: expect.stringMatching(
        /1 of 1 histories.*sum\.json \(sum-\w+\): at event \d+ the run did transform:totals, and today's code would do extract:more\..*patched\(\)/s,
      ) as string,
    });
  });

  test('breaks with a step that is gone, and with one that has another name', async () => {
    const gone = changed(`await run.transform('totals', { orders })`, `orders as never`);
    await expect(gone).rejects.toMatchObject({ code: 'REPLAY_FAILED' });
    await expect(changed(`path: 'orders.csv' })`, `path: 'orders.csv', as: 'renamed' })`)).rejects.toMatchObject({
      code: 'REPLAY_FAILED',
      message: expect.stringContaining(`the run did extract:orders, and today's code would do extract:renamed.`) as string,
    });
  });

  test('of a pipeline that is gone names those there are', async () => {
    const renamed = {
      'workflows/sum.ts': WORKFLOW.replace("sum = pipeline('sum'", "sums = pipeline('sums'"),
      'workflows/index.ts': `export { sums } from './sum.js';\n`,
      'millrace.config.ts': ['    sum: {', '    sums: {'] as const,
    };
    await expect(replay(renamed)).rejects.toMatchObject({
      code: 'REPLAY_FAILED',
      message: expect.stringMatching(/no pipeline "sum" any more\. Did you mean "sums"\?/) as string,
    });
  });

  test('that is none is named, before anything is bundled', async () => {
    const folder = temporaryFolder();
    const of = (histories: string | readonly string[]) => replayHistories({ histories, directory: folder });
    await expect(of(folder)).rejects.toMatchObject({
      code: 'TEST_DATA_MISSING',
      message: expect.stringContaining('temporal workflow show') as string,
    });
    await expect(of([])).rejects.toMatchObject({ code: 'TEST_DATA_MISSING' });
    await expect(of(path.join(folder, 'absent'))).rejects.toMatchObject({ code: 'TEST_DATA_MISSING' });
    mkdirSync(path.join(folder, 'bad'));
    for (const [name, text] of [
      ['a', '{'],
      ['b', '[]'],
      ['c', '{"events":[]}'],
      ['d', 'null'],
    ] as const) {
      const file = path.join(folder, 'bad', `${name}.json`);
      writeFileSync(file, text);
      await expect(of(file)).rejects.toMatchObject({
        code: 'TEST_DATA_INVALID',
        message: expect.stringContaining(file) as string,
      });
    }
  });
});

test('several histories are replayed together, and each that breaks is named', async () => {
  const folder = temporaryFolder();
  const text = readFileSync(path.join(await recorded(), 'sum.json'), 'utf8');
  for (const name of ['one', 'two']) writeFileSync(path.join(folder, `${name}.json`), text);
  const first = `await run.extract('first', { from: 'lake', path: 'orders.csv' });\n  const orders`;
  const directory = writtenProject({ ...PROJECT, 'workflows/sum.ts': WORKFLOW.replace('const orders', first) });
  await expect(
    replayHistories({ histories: ['one.json', 'two.json'].map((name) => path.join(folder, name)), directory }),
  ).rejects.toMatchObject({
    message: expect.stringMatching(/2 of 2 histories.*one\.json.*two\.json/s) as string,
  });
});
