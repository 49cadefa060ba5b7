import { pipeline } from './project';

export const chargeLineitem = pipeline('chargeLineitem', async (run, { path }) => {
  const lineitem = await run.validate(await run.extract('lineitem', { from: 'files', path }), 'LineItem', { maxRejected: 0 });
  const { rows } = await run.transform('charges', { lineitem });
  return { rows };
});
