// A worker in a process of its own, from the built code, of a project that is known to be sound. It ends with the process that
// started it.
import { loadProject } from '../../dist/src/config/load.js';
import { createWorker } from '../../dist/src/worker/worker.js';
import { ownUsage } from '../../bench/own-usage.mjs';

process.on('message', (message) => {
  if (message === 'usage') process.send(ownUsage());
});
const worker = await createWorker({ project: await loadProject(process.argv[2]) });
process.send('ready');
for (const signal of ['SIGTERM', 'disconnect']) process.once(signal, () => void worker.stop());
await worker.done;
process.exit();
