import { setTimeout as sleep } from 'node:timers/promises';
import { millrace } from './processes.mjs';

/** The workflow id of a run of the rehearsal: partitions have ids of their own. */
export function idOf({ taskQueue }, name) {
  return name.includes('/') ? name : `${taskQueue}-${name}`;
}

/** Starts a run, and waits until it has done its first step: it is in flight then. */
export async function begin(scene, name) {
  const { client, taskQueue, say } = scene;
  const options = { taskQueue, workflowId: idOf(scene, name), args: [{ into: `${name}.parquet` }] };
  await client.workflow.start('rehearseCopy', options);
  await inFlight(scene, name);
  say(`${name} is in flight on ${(await versionOf(scene, name)) ?? 'no version'}`);
}

/** Waits until a run has done its first step. */
export async function inFlight(scene, name) {
  const handle = scene.client.workflow.getHandle(idOf(scene, name));
  await until(`${name} has read`, async () => {
    const { events } = await handle.fetchHistory().catch(() => ({ events: [] }));
    return events.some((event) => event.activityTaskCompletedEventAttributes);
  });
}

/** Lets runs go on, and gives what they say at their end. */
export async function finish(scene, names) {
  const results = {};
  for (const name of names) {
    if (name.includes('/')) await inFlight(scene, name);
    const handle = scene.client.workflow.getHandle(idOf(scene, name));
    await handle.signal('go');
    results[name] = await handle.result();
    scene.say(`${name} has finished: ${JSON.stringify(results[name])}`);
  }
  return results;
}

/** The build id that a workflow is on, as Temporal has it. */
export async function versionOf(scene, name) {
  const { raw } = await scene.client.workflow.getHandle(idOf(scene, name)).describe();
  return raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId;
}

/** Begins a backfill over two months, one at a time, and gives its id. */
export async function beginBackfill(scene) {
  const range = ['--from', '2024-01', '--to', '2024-02', '--only', 'all', '--concurrency', '1', '--yes'];
  const { data } = await millrace(['backfill', 'rehearseMonth', ...range], { folder: scene.folders.v1, address: scene.address });
  await inFlight(scene, 'rehearseMonth/2024-01');
  const { id } = data.find(({ event }) => event === 'started');
  scene.say(`${id} is in flight`);
  return id;
}

/** Waits until no run is open on a version. */
export async function drained(scene, version) {
  await until(`${version} is drained`, async () => {
    const { data } = await millrace(['deploy', 'status'], { folder: scene.folders.v2, address: scene.address });
    return data[0].versions.find((each) => each.version === version).openRuns === 0;
  });
  scene.say(`${version} has no open run: its workers may go`);
}

export async function until(what, look) {
  for (const deadline = Date.now() + 120_000; Date.now() < deadline; await sleep(200)) if (await look()) return;
  throw new Error(`It did not come to this: ${what}.`);
}

export function expectSame(what, actual, expected) {
  const [found, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (found !== wanted) throw new Error(`Not as promised: ${what}. It is ${found}, and should be ${wanted}.`);
}
