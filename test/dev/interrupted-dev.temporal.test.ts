import { expect, test } from 'vitest';
import { startMillrace } from '../cli/millrace.js';
import { writtenProject } from '../support/written-project.js';

test('Ctrl-C while a run goes on ends `millrace dev` with 130, and nothing but a word about it', async () => {
  const directory = writtenProject({
    'millrace.config.ts': [
      'pipelines: {',
      "dev: { runs: [{ pipeline: 'sum', partitions: ['2024-01', '2024-01'] }] },\n  pipelines: {",
    ],
    'workflows/sum.ts': `import { sleep } from '@temporalio/workflow';
import { pipeline } from './project.js';

export const sum = pipeline('sum', () => sleep('1 hour'));
`,
  });
  // A server of its own, which ends with it while the run's end is waited for.
  const dev = startMillrace(['dev', '--json', '--project', directory], { TEMPORAL_ADDRESS: '' });
  await dev.until('"running"');
  dev.process.kill('SIGINT');
  const { code, stderr } = await dev.end;
  expect([code, stderr.trimEnd().split('\n').at(-1)]).toEqual([
    130,
    expect.stringMatching(/^Stopping what was started: .* Once more stops at once\.$/),
  ]);
}, 60_000);
