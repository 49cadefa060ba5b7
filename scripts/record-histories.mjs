// Records histories of a release's runs, for the replay in `npm test`: node scripts/record-histories.mjs REF [--kinds a,b]
//
// The code that is recorded is the release's, never this checkout's: its worker and its command line. Only the scenes and the project
// (test/fixtures/released) are of today, so that a kind of run can be recorded as soon as a release has it.
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { prepare } from './prepare.mjs';
import { buildRelease } from './recording/release.mjs';
import { openScene } from './recording/scene.mjs';
import { SCENES } from './recording/scenes.mjs';
import { root } from './run-quietly.mjs';

const { values, positionals } = parseArgs({ options: { kinds: { type: 'string' } }, allowPositionals: true });
const [ref] = positionals;
const kinds = values.kinds?.split(',') ?? Object.keys(SCENES);
const unknown = kinds.filter((kind) => !(kind in SCENES));
if (ref === undefined || unknown.length > 0) {
  console.error(`Usage: node scripts/record-histories.mjs REF [--kinds ${Object.keys(SCENES).join(',')}]`);
  process.exit(2);
}
await prepare();
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-recording-')));
const release = buildRelease(ref, join(folder, 'release'));
try {
  await record();
} finally {
  release.remove();
  rmSync(folder, { recursive: true, force: true });
}

async function record() {
  const { encodeHistory } = await import(join(root, 'dist/src/replay/history-json.js'));
  const project = join(folder, 'project');
  cpSync(join(root, 'test/fixtures/released'), project, { recursive: true });
  symlinkSync(join(folder, 'release', 'node_modules'), join(project, 'node_modules'));
  const out = join(root, 'test/fixtures/histories', release.name);
  mkdirSync(out, { recursive: true });
  const scene = await openScene({ folder, project, program: release.program });
  try {
    for (const kind of kinds) {
      const { workflowId, runId } = await SCENES[kind](scene);
      const history = await scene.client.workflow.getHandle(workflowId, runId).fetchHistory();
      const text = placeless(JSON.stringify(encodeHistory(history), null, 1));
      writeFileSync(join(out, `${kind}.json`), `${text}\n`);
      console.log(`${kind}: ${history.events.length} events of ${workflowId}`);
    }
  } finally {
    await scene.close();
  }
}

/** Without what tells of the machine that it was recorded on. */
function placeless(text) {
  return text
    .replace(/"identity": "[^"]*"/g, '"identity": "1@worker"')
    .replace(/"workerIdentity": "[^"]*"/g, '"workerIdentity": "1@worker"')
    .replace(/"data": "([A-Za-z0-9+/=]+)"/g, (_, data) => `"data": "${placelessPayload(data)}"`);
}

function placelessPayload(data) {
  const text = Buffer.from(data, 'base64').toString();
  return Buffer.from(text.replaceAll(folder, '/srv/released').replace(/\d+@[\w.-]+/g, '1@worker')).toString('base64');
}
