import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { HEADER, MENDED, openQuarantine, ROWS, type QuarantineScene } from './quarantine-scene.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let scene: QuarantineScene;
beforeAll(async () => {
  scene = await openQuarantine();
});
afterAll(() => scene?.close());

test('a run that is retried from its judgement after a replay takes the place of both loads', async () => {
  scene.write('anew.csv', HEADER, ...ROWS);
  const params = { path: 'anew.csv', target: 'anew', mode: 'append' };
  const workflowId = await scene.run('take', params);
  const replay = await scene.under(MENDED, () => scene.replay(workflowId));
  expect(replay.result).toMatchObject({ accepted: 2 });
  const control = { retryOf: { workflowId }, from: 'validate:orders' };
  const retry = await scene.under(MENDED, async () => (await scene.worker.start('take', [params, control])).result());
  expect(retry).toMatchObject({ rows: 4 });
  expect(await scene.idsOf('anew')).toEqual([1, 2, 3, 4]);
});

test('a diff of a contract against a run names the pipelines and targets that a change would break', async () => {
  scene.write('used.csv', HEADER, ...ROWS);
  const run = await scene.under(MENDED, () => scene.run('take', { path: 'used.csv', target: 'used', mode: 'append' }));
  const { code, stdout } = await scene.cli('contracts', 'diff', 'Order', '--against', run, '--json', '--fail-on-breaking');
  // The config's contract is narrower than the one that this run used.
  expect(code).toBe(1);
  const diff = JSON.parse(stdout) as { name: string; breaking: boolean; pipelines: string[]; targets: string[] };
  expect(diff).toMatchObject({ name: 'Order', breaking: true });
  expect(diff.pipelines).toContain('take');
  expect(diff.targets).toContain('warehouse.public.used');
});
