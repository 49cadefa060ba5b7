// A worker as one writes it by hand: the same server and the same settings as Millrace's.
import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import { capacityOf, thisMachine } from '../../../dist/src/config/capacity.js';
import { workerOptions } from '../../../dist/src/worker/worker-options.js';
import { ownUsage } from '../../own-usage.mjs';
import * as activities from './activities.mjs';

process.on('message', (message) => {
  if (message === 'usage') process.send(ownUsage());
});
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS }),
  namespace: 'default',
  taskQueue: 'by-hand',
  workflowsPath: fileURLToPath(new URL('workflows.mjs', import.meta.url)),
  activities,
  ...workerOptions({ ...capacityOf(thisMachine()), grace: '25s' }),
});
const running = worker.run();
process.send('ready');
await running;
process.exit();
