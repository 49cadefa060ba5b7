// `npm run docs`: writes the pages, and the parts of pages, that are made from the code.
import './check-node.mjs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepare } from './prepare.mjs';
import { root } from './run-quietly.mjs';

await prepare();
const { register } = await import('tsx/esm/api');
register();
process.chdir(root);
await import(pathToFileURL(join(root, 'scripts', 'docs', 'main.ts')).href);
