import { expect, test } from 'vitest';
import { z } from 'zod';
import { checks, contract, defineProject, env, postgres, rowCount, unique } from '../../src/config/index.js';
import { testPipeline } from '../../src/testing/index.js';
import { pipelines } from '../../workflows/index.js';

const Sale = contract(z.object({ id: z.int(), amount: z.number() }), { key: ['id'] });

const project = defineProject({
  connections: { shop: postgres({ url: env('TEST_SHOP_URL') }) },
  contracts: { Sale },
  transforms: {},
  checks: {
    salesFit: checks(
      { inputs: { sales: Sale } },
      { 'ids are unique': unique(['id']), 'there are many': rowCount({ min: 3, severity: 'warn' }) },
    ),
  },
  pipelines: { checked: { params: z.object({}) } },
});

const checked = pipelines<typeof project>()('checked', async (run) => {
  const sales = await run.validate(await run.extract('sales', { from: 'shop', table: 'sales' }), 'Sale');
  return run.check('salesFit', { sales });
});

const of = (id: number) => ({ id, amount: 1 });

test('checks of datasets are made, and a warning lets the pipeline go on', async () => {
  const { error, steps } = await testPipeline(project, checked, { datasets: { sales: [of(1), of(2)] } });
  expect(error).toBeUndefined();
  expect(steps.map(({ step, status }) => `${step} ${status}`)).toEqual([
    'extract:sales done',
    'validate:sales done',
    'check:salesFit done',
  ]);
});

test('a check that fails ends the pipeline as it would end the run', async () => {
  const { error } = await testPipeline(project, checked, { datasets: { sales: [of(1), of(1)] } });
  expect(error).toMatchObject({
    code: 'CHECK_FAILED',
    message: expect.stringMatching(/"ids are unique" found in "sales": 1 key more than once/) as string,
  });
});
