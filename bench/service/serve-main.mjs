// The client service in a process of its own, from the built code. It ends with the process that started it.
import { loadProject } from '../../dist/src/config/load.js';
import { startService } from '../../dist/src/service/run-service.js';
import { ownUsage } from '../own-usage.mjs';

const [, , directory, port] = process.argv;
process.on('message', (message) => {
  if (message === 'usage') process.send(ownUsage());
});
const service = await startService({ project: await loadProject(directory), port: Number(port) });
process.send('ready');
for (const signal of ['SIGTERM', 'disconnect']) process.once(signal, () => void service.stop().finally(() => process.exit()));
