import { pipeline } from './project';

export const dailySales = pipeline('dailySales', async (run) => {
  const raw = await run.extract('sales', { from: 'shop', path: 'sales.csv' });
  const sales = await run.validate(raw, 'Sale', { maxRejected: 0.2 });
  const days = await run.transform('dailySales', { sales });
  return run.load(days, { to: 'results', path: 'daily-sales.csv', mode: 'replace' });
});
