import { pipeline } from './project';

export const mergeOrders = pipeline('mergeOrders', async (run, { since }) => {
  const changes = await run.extract('orders', { from: 'shop', table: 'orders', where: { updated_at: { gte: since } } });
  return run.load(changes, { to: 'warehouse', table: 'orders', mode: 'merge', key: ['o_orderkey'] });
});
