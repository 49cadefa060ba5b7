// `npm test`: does what has to be done on a fresh clone, then is `vitest run`, within this process.
import './check-node.mjs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepare } from './prepare.mjs';
import { root } from './run-quietly.mjs';

await prepare();
const program = join(root, 'node_modules', 'vitest', 'vitest.mjs');
process.chdir(root);
process.argv = [process.execPath, program, 'run', ...process.argv.slice(2)];
await import(pathToFileURL(program).href);
