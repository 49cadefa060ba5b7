import { expect, test } from 'vitest';
import { soak } from '../../soak/steps/soak.js';

test('twenty steps at once on a worker of 2 GiB queue up, and each is done once', async () => {
  const report = await soak.run({ scale: 0.01, seed: 'test', notice: () => undefined });
  expect(report.problems).toEqual([]);
  expect(report.figures).toMatchObject({ runs: 20, 'rows in each': 30_000 });
}, 240_000);
