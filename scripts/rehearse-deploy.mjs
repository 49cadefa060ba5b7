// `npm run rehearse`: a deploy from beginning to end, as docs/deploys.md tells it, on a real server with real workers.
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { prepare } from './prepare.mjs';
import { writeProjects } from './rehearsal/project.mjs';
import { millrace, startWorker } from './rehearsal/processes.mjs';
import { begin, beginBackfill, drained, expectSame, finish, idOf, versionOf } from './rehearsal/scene.mjs';
import { root } from './run-quietly.mjs';

/** The version that each run has to finish on. Those of v2 load two rows, those of v1 three: its contract is another. */
const PROMISED = {
  before: { version: 'v1', rows: 3 },
  beside: { version: 'v1', rows: 3 },
  ramped: { version: 'v2', rows: 2 },
  after: { version: 'v2', rows: 2 },
  'rehearseMonth/2024-01': { version: 'v1', rows: 3 },
  'rehearseMonth/2024-02': { version: 'v2', rows: 2 },
  back: { version: 'v1', rows: 3 },
  moved: { version: 'v1', rows: 3 },
};

/**
 * Rehearses a deploy: runs in flight on version 1, version 2 beside it, ramp, promotion, a breaking change that the replay finds,
 * drain, rollback, and a run that is moved. Throws where anything is not as it was promised.
 *
 * @param {{ address: string, folder: string, taskQueue: string, say?: (line: string) => void }} options
 * @returns {Promise<{ finished: Record<string, { version: string, rows: number }>, broken: string }>}
 */
export async function rehearse({ address, folder, taskQueue, say = () => undefined }) {
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  const scene = { say, address, taskQueue, client, folders: writeProjects(folder, taskQueue) };
  const workers = [];
  const work = async (version) => {
    const worker = await startWorker({ folder: scene.folders[version], address, deployment: taskQueue });
    workers.push(worker);
    say(
      `${version} is ${worker.version}; it gets ${worker.standing.gets}${worker.standing.why ? `: ${worker.standing.why}` : ''}`,
    );
    return worker;
  };
  try {
    const { finished, broken } = await play(scene, work);
    expectSame('each run has finished on its version', finished, PROMISED);
    return { finished, broken };
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
    await connection.close();
  }
}

async function play(scene, work) {
  const inV2 = { folder: scene.folders.v2, address: scene.address };
  const v1 = await work('v1');
  expectSame('v1 was made current, as the first version', v1.standing.first, true);
  await begin(scene, 'before');
  const backfill = await beginBackfill(scene);
  const v2 = await work('v2');
  expectSame('v2 is beside v1', v2.standing.gets, 'its own runs');
  await begin(scene, 'beside');
  await millrace(['deploy', 'ramp', v2.version, '--percent', '100', '--yes'], inV2);
  await begin(scene, 'ramped');
  await millrace(['deploy', 'promote', v2.version, '--yes'], inV2);
  scene.say('v2 is promoted');
  await begin(scene, 'after');
  await begin(scene, 'moved');
  const broken = await findBroken(scene);
  const earlier = ['before', 'beside', 'ramped', 'after', 'rehearseMonth/2024-01', 'rehearseMonth/2024-02'];
  const first = await finish(scene, earlier);
  await scene.client.workflow.getHandle(backfill).result();
  expectSame('the backfill has gone on with v2', await versionOf(scene, backfill), v2.version);
  await drained(scene, v1.version);
  await millrace(['deploy', 'rollback', '--yes'], inV2);
  scene.say('v1 is current again');
  await begin(scene, 'back');
  await millrace(['move', idOf(scene, 'moved'), '--to', v1.version, '--yes'], { ...inV2, folder: scene.folders.v1 });
  return { finished: { ...first, ...(await finish(scene, ['back', 'moved'])) }, broken };
}

/** A change that would break runs is found before it is deployed. */
async function findBroken({ folders, address, say }) {
  const sound = await millrace(['replay'], { folder: folders.v2, address });
  expectSame(
    'v2 breaks no run',
    sound.data.filter(({ problem }) => problem !== null),
    [],
  );
  const { code, data } = await millrace(['replay'], { folder: folders.v3, address, fails: true });
  expectSame('the replay of v3 fails', code, 1);
  const problem = data.find((each) => each.open && each.problem !== null)?.problem ?? '';
  say(`v3 would break runs: ${problem}`);
  return problem;
}

async function main() {
  await prepare();
  const { obtainTemporal } = await import(join(root, 'dist/src/dev/temporal-binary.js'));
  const { startTemporalServer } = await import(join(root, 'dist/src/dev/temporal-server.js'));
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-rehearsal-')));
  const { path: binary } = await obtainTemporal({ notice: console.log });
  const server = await startTemporalServer({ binary, uiPort: null });
  const begun = Date.now();
  const say = (line) => console.log(`${((Date.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${line}`);
  try {
    await rehearse({ address: server.address, folder, taskQueue: 'rehearsal', say });
    say('Everything has come as it was promised.');
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
