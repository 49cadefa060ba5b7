// `npm run soak -- pool`: does what has to be done on a fresh clone, then runs soak/main.ts within this process.
import './check-node.mjs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepare } from './prepare.mjs';
import { root } from './run-quietly.mjs';

await prepare();
const { register } = await import('tsx/esm/api');
register();
process.chdir(root);
await import(pathToFileURL(join(root, 'soak', 'main.ts')).href);
