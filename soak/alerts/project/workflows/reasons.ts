import { condition, defineSignal, setHandler } from '@temporalio/workflow';
import { pipeline } from './project';

export const fails = pipeline('fails', async () => {
  throw new Error('The source is gone.');
});

/** Goes on until it is told to end. */
export const hangs = pipeline('hangs', async () => {
  let told = false;
  setHandler(defineSignal('end'), () => void (told = true));
  await condition(() => told);
});

/** A third of the rows is no good. */
export const rejects = pipeline('rejects', async (run) => {
  const orders = await run.extract('orders', { from: 'lake', path: 'orders.csv' });
  const { rows } = await run.validate(orders, 'Order', { maxRejected: 0.9 });
  return rows;
});
