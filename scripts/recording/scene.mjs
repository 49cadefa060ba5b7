import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { root } from '../run-quietly.mjs';

/** A server of its own, a release's worker, and its command line. */
export async function openScene({ folder, project, program }) {
  const { obtainTemporal } = await import(join(root, 'dist/src/dev/temporal-binary.js'));
  const { startTemporalServer } = await import(join(root, 'dist/src/dev/temporal-server.js'));
  const { path: binary } = await obtainTemporal({ notice: console.log });
  const server = await startTemporalServer({ binary, uiPort: null });
  const connection = await Connection.connect({ address: server.address });
  const client = new Client({ connection });
  const lake = join(folder, 'lake');
  mkdirSync(lake, { recursive: true });
  writeFileSync(join(lake, 'orders.csv'), 'id,customer,amount\n1,a,10\n2,b,20\n3,a,30\n');
  const env = environment(folder, lake, server.address);
  const start = (args) => spawn(process.execPath, [program, ...args, '--json', '--project', project], { env });
  const worker = start(['worker']);
  await ready(worker);
  const millrace = commandOf(start);
  const eventsOf = async (workflowId) => (await client.workflow.getHandle(workflowId).fetchHistory()).events ?? [];
  const until = async (workflowId, look) => {
    for (const deadline = Date.now() + 120_000; Date.now() < deadline; await sleep(200)) {
      if (await look(await eventsOf(workflowId).catch(() => []))) return;
    }
    throw new Error(`${workflowId} has not come to where it was to be recorded.`);
  };
  return {
    client,
    lake,
    millrace,
    until,
    async run(pipeline, params, id, { fails = false } = {}) {
      await millrace('run', pipeline, '--id', id, '--params', JSON.stringify(params), '--wait', ...(fails ? [FAILS] : []));
      return id;
    },
    async closed(workflowId) {
      const handle = client.workflow.getHandle(workflowId);
      await handle.result().catch(() => undefined);
    },
    reset: (workflowId) => resetAfterFirstStep(client, workflowId),
    async backfill(pipeline, from, to) {
      const { data } = await millrace('backfill', pipeline, '--from', from, '--to', to, '--yes');
      return data.find(({ event }) => event === 'started').id;
    },
    async close() {
      worker.kill('SIGTERM');
      await once(worker, 'close');
      await connection.close();
      await server.stop();
    },
  };
}

function environment(folder, lake, address) {
  return {
    ...process.env,
    TEMPORAL_ADDRESS: address,
    MILLRACE_URL: '',
    RELEASED_LAKE: lake,
    RELEASED_STAGING: join(folder, 'staging'),
    RELEASED_CATALOG: join(folder, 'catalog.db'),
    RELEASED_SPILL: join(folder, 'spill'),
  };
}

/** Stands for an end that is not 0. */
const FAILS = Symbol('fails');

function commandOf(start) {
  return async (...args) => {
    const child = start(args.filter((each) => each !== FAILS));
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    const [code] = await once(child, 'close');
    if ((code !== 0) !== args.includes(FAILS)) throw new Error(`${args.map(String).join(' ')}: ${code}\n${stdout}${stderr}`);
    const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
    return { data: lines.map((line) => JSON.parse(line)) };
  };
}

async function ready(worker) {
  let told = '';
  worker.stderr.setEncoding('utf8').on('data', (text) => (told += text));
  await new Promise((resolve, reject) => {
    worker.stdout.setEncoding('utf8').on('data', (text) => text.includes('"ready"') && resolve());
    worker.once('close', (code) => reject(new Error(`The release's worker ended with ${code}:\n${told}`)));
  });
}

async function resetAfterFirstStep(client, workflowId) {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  const step = events.findIndex((event) => event.activityTaskCompletedEventAttributes);
  const task = events.slice(step).find((event) => event.workflowTaskCompletedEventAttributes);
  await client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId },
    reason: 'recorded',
    workflowTaskFinishEventId: task.eventId,
    requestId: `${workflowId}-reset`,
  });
}
