// A worker in a process of its own, from the built package, as users run it. It ends with the process that started it.
import { runWorker } from 'millrace/worker';
import { ownUsage } from './own-usage.mjs';

process.on('message', (message) => {
  if (message === 'usage') process.send(ownUsage());
});
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
await runWorker({ directory: process.argv[2], onReady: () => process.send('ready') });
process.exit();
