import { expect, test } from 'vitest';
import type { Plan } from '../../src/plan/plan.js';
import { writtenProject } from '../support/written-project.js';
import { millrace } from './millrace.js';

const PARAMS = ['--params', '{"month":"2024-01"}'];
const SOUND = {
  'orders.csv': 'id,amount\n1,2\n',
  'workflows/sum.ts': ["table: 'totals' as never", "path: 'totals.csv'"],
} as const;

test('plan shows stages, columns and targets in 80 columns, and exits with 0', async () => {
  const { code, stdout, stderr } = await millrace(['plan', 'sum', ...PARAMS, '--project', writtenProject(SOUND)]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(stdout).toMatch(/^sum with month "2024-01"$/m);
  expect(stdout).toMatch(
    /^Stage 1\n {2}extract orders from lake \(orders\.csv\)\n {4}reads {4}orders\.csv: 14 B\n {4}columns {2}id VARCHAR, amount VARCHAR$/m,
  );
  expect(stdout).toMatch(/^ {4}writes {3}lake\.totals\.csv \(replace by month\): would be made$/m);
  expect(stdout).toContain('nothing was written.');
});

test('plan with --json prints one document with everything', async () => {
  const { code, stdout } = await millrace(['plan', 'sum', ...PARAMS, '--json', '--project', writtenProject(SOUND)]);
  expect(code).toBe(0);
  const plan = JSON.parse(stdout) as Plan;
  expect(plan).toMatchObject({ pipeline: 'sum', partition: '2024-01', end: { kind: 'complete' } });
  expect(plan.steps.map(({ stage, kind }) => `${stage} ${kind}`)).toEqual(['1 extract', '2 validate', '3 transform', '4 load']);
});

test('plan exits with 1 when the run would fail, and says at which step and with what', async () => {
  const { code, stdout } = await millrace(['plan', 'sum', ...PARAMS, '--project', writtenProject()]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^ {4}error {4}.*orders\.csv/m);
  expect(stdout).toMatch(/^The run would fail: Step extract:orders failed: .*\[FILE_MISSING\]$/ms);
});

test('plan of a pipeline that is not there exits with 3, and wrong parameters with 2', async () => {
  const project = writtenProject(SOUND);
  const [unknown, wrong, none] = await Promise.all([
    millrace(['plan', 'summ', '--project', project]),
    millrace(['plan', 'sum', '--project', project]),
    millrace(['plan', 'sum', '--params', '[]', '--project', project]),
  ]);
  expect(unknown).toMatchObject({ code: 3, stderr: expect.stringContaining('Did you mean "sum"?') as string });
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('[PARAMETERS_INVALID]') as string });
  expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('JSON object') as string });
});
