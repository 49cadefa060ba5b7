import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What is recorded: a kind of run, and the scene that makes one. A scene gives the workflow id, and the run id where it is not the
 * latest. Kinds that need what an earlier release did not have are named with `--kinds` when that is recorded.
 */
export const SCENES = {
  async completed({ run }) {
    return { workflowId: await run('wide', { path: 'orders.csv' }, 'wide-completed') };
  },
  async failed({ run }) {
    return { workflowId: await run('wide', { path: 'none.csv' }, 'wide-failed', { fails: true }) };
  },
  async retried({ run, lake, millrace }) {
    const workflowId = await run('wide', { path: 'late.csv' }, 'wide-retried', { fails: true });
    put(lake, 'late.csv');
    await millrace('retry', workflowId, '--wait');
    return { workflowId };
  },
  async joint({ run }) {
    return { workflowId: await run('joint', { path: 'orders.csv' }, 'joint') };
  },
  async waiting(scene) {
    return { workflowId: await waiting(scene, 'patient-waiting') };
  },
  /** Told to do its step anew, which it does once it is resumed. */
  async paused(scene) {
    const workflowId = await waiting(scene, 'patient-paused');
    await scene.millrace('pause', workflowId, '--reason', 'recorded');
    put(scene.lake, 'patient-paused.csv');
    await scene.millrace('decide', workflowId, 'extract:orders', 'retry');
    await scene.until(workflowId, (events) => count(events, 'workflowExecutionUpdateCompletedEventAttributes') === 2);
    return { workflowId };
  },
  async decided(scene) {
    const workflowId = await waiting(scene, 'patient-decided');
    await scene.millrace('pause', workflowId, '--reason', 'recorded');
    await scene.millrace('resume', workflowId);
    put(scene.lake, 'patient-decided.csv');
    await scene.millrace('decide', workflowId, 'extract:orders', 'retry');
    await scene.closed(workflowId);
    return { workflowId };
  },
  async skipped(scene) {
    const workflowId = await waiting(scene, 'patient-skipped');
    await scene.millrace('decide', workflowId, 'extract:orders', 'skip', '--reason', 'recorded');
    await scene.closed(workflowId);
    return { workflowId };
  },
  async cancelled(scene) {
    const workflowId = await waiting(scene, 'patient-cancelled');
    await scene.millrace('cancel', workflowId);
    await scene.closed(workflowId);
    return { workflowId };
  },
  async reset({ run, reset, closed }) {
    const workflowId = await run('wide', { path: 'orders.csv' }, 'wide-reset');
    await reset(workflowId);
    await closed(workflowId);
    return { workflowId };
  },
  async backfill({ backfill, closed }) {
    const workflowId = await backfill('day', '2024-01-01', '2024-01-03');
    await closed(workflowId);
    return { workflowId };
  },
  async start({ millrace, closed }) {
    await millrace('apply', '--yes');
    const { data } = await millrace('schedules', 'trigger', 'day');
    const { workflowId } = data.find((each) => each.workflowId !== undefined);
    await closed(workflowId);
    return { workflowId };
  },
  async pooled({ run }) {
    return { workflowId: await run('pooled', { path: 'orders.csv' }, 'pooled') };
  },
  /** The pool itself, which has given out slots and goes on. */
  async pool({ run }) {
    await run('pooled', { path: 'orders.csv' }, 'pooled-before');
    return { workflowId: 'millrace.pool/released/narrow' };
  },
  /** What starts a pipeline, paused and resumed in between. */
  async trigger(scene) {
    const workflowId = 'millrace.trigger/released/awaited';
    await scene.millrace('apply', '--yes');
    const started = (runs) => scene.until(workflowId, () => startedBy(scene, workflowId, runs));
    await scene.run('joint', { path: 'orders.csv' }, 'joint-awaited');
    await started(1);
    mkdirSync(join(scene.lake, 'inbox'));
    put(scene.lake, 'inbox/one.csv');
    await started(2);
    await scene.millrace('triggers', 'pause', 'awaited', '--reason', 'recorded');
    put(scene.lake, 'inbox/two.csv');
    await scene.run('joint', { path: 'orders.csv' }, 'joint-paused');
    await scene.millrace('triggers', 'resume', 'awaited');
    await started(4);
    return { workflowId };
  },
  async relay({ millrace, until }) {
    const workflowId = 'millrace.relay/released';
    await millrace('apply', '--yes');
    await until(workflowId, (events) => count(events, 'activityTaskCompletedEventAttributes') === 2);
    return { workflowId };
  },
  async housekeeping({ run }) {
    return { workflowId: await run('housekeeping', {}, 'housekeeping') };
  },
  /** Two tables copied, one that has no place in its target. */
  async replicated({ run }) {
    const params = { from: 'shop', to: 'warehouse', tables: ['public.*'], schema: 'copied' };
    return { workflowId: await run('replicate', params, 'replicated', { fails: true }) };
  },
  /** Rows that were corrected come back from quarantine. */
  async replayed({ run, lake, millrace, closed }) {
    writeFileSync(join(lake, 'wrong.csv'), 'id,customer,amount\n1,a,10\n2,b,much\n');
    const rejecting = await run('judged', { path: 'wrong.csv' }, 'judged');
    const edited = join(lake, 'edited.csv');
    await millrace('quarantine', 'export', rejecting, '--to', edited);
    writeFileSync(edited, readFileSync(edited, 'utf8').replace(/"?much"?/, '20'));
    const { data } = await millrace('quarantine', 'replay', rejecting, '--from', edited);
    const { workflowId } = data.find((each) => each.workflowId !== undefined);
    await closed(workflowId);
    return { workflowId };
  },
  async asking(scene) {
    return { workflowId: await asking(scene, 'asking') };
  },
  async approved(scene) {
    const workflowId = await asking(scene, 'asking-approved');
    await scene.millrace('approve', workflowId, 'publish', '--reason', 'recorded');
    await scene.closed(workflowId);
    return { workflowId };
  },
};

async function startedBy({ millrace }, trigger, runs) {
  const { data } = await millrace('triggers', 'why', trigger.split('/').at(-1));
  return data.filter(({ outcome }) => outcome === 'started').length >= runs;
}

/** A run that waits for people. */
async function asking({ millrace, until }, id) {
  await millrace('run', 'asking', '--id', id);
  // Until its answer can expire, it has not asked.
  await until(id, (events) => count(events, 'timerStartedEventAttributes') === 1);
  return id;
}

/** A run that waits for a decision about its first step. */
async function waiting({ millrace, until, lake }, id) {
  rmSync(join(lake, `${id}.csv`), { force: true });
  await millrace('run', 'patient', '--id', id, '--params', JSON.stringify({ path: `${id}.csv` }));
  await until(id, (events) => count(events, 'activityTaskFailedEventAttributes') === 1);
  return id;
}

function count(events, attributes) {
  return events.filter((event) => event[attributes]).length;
}

function put(lake, file) {
  writeFileSync(join(lake, file), 'id,customer,amount\n1,a,10\n2,b,20\n3,a,30\n');
}
