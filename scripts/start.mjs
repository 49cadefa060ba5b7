// `npm start`: does what has to be done on a fresh clone, then is `millrace dev` in the example's folder. It hands over
// within this process, so that signals and exit codes are the CLI's own.
import './check-node.mjs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepare } from './prepare.mjs';
import { root } from './run-quietly.mjs';

await prepare();
const program = join(root, 'dist', 'src', 'cli', 'main.js');
process.chdir(join(root, 'examples', 'flights'));
process.argv = [process.execPath, program, 'dev', ...process.argv.slice(2)];
await import(pathToFileURL(program).href);
