import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { root } from '../run-quietly.mjs';

/** A server of its own, a release's worker, and its command line. */
export async function openScene({ folder, project, program }) {
  const server = await startTemporal();
  const connection = await Connection.connect({ address: server.address });
  const client = new Client({ connection });
  const databases = await startDatabases(folder);
  const lake = join(folder, 'lake');
  mkdirSync(lake, { recursive: true });
  writeFileSync(join(lake, 'orders.csv'), 'id,customer,amount\n1,a,10\n2,b,20\n3,a,30\n');
  const env = environment(folder, lake, server.address, databases);
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
      await databases.stop();
    },
  };
}

async function startTemporal() {
  const { obtainTemporal } = await import(join(root, 'dist/src/dev/temporal-binary.js'));
  const { startTemporalServer } = await import(join(root, 'dist/src/dev/temporal-server.js'));
  const { path: binary } = await obtainTemporal({ notice: console.log });
  return startTemporalServer({ binary, uiPort: null });
}

async function startDatabases(folder) {
  const { startPostgresServer } = await import(join(root, 'dist/src/dev/postgres-server.js'));
  const databases = await startPostgresServer({ dataFolder: join(folder, 'databases') });
  await fill(databases);
  return databases;
}

/** A shop with tables to copy, of which one has no place in the warehouse: its target has other columns. */
async function fill(databases) {
  const make = async (database, ...statements) => {
    const client = new pg.Client({ connectionString: databases.url(database) });
    await client.connect();
    for (const statement of statements) await client.query(statement);
    await client.end();
  };
  await make('postgres', 'CREATE DATABASE shop', 'CREATE DATABASE warehouse');
  const rows = (table) => `CREATE TABLE ${table} AS SELECT i AS id, 'x' || i AS name FROM generate_series(1, 3) AS t(i)`;
  await make(
    'shop',
    ...['items', 'customers', 'places'].flatMap((table) => [rows(table), `ALTER TABLE ${table} ADD PRIMARY KEY (id)`]),
  );
  await make('warehouse', 'CREATE SCHEMA copied', 'CREATE TABLE copied.places (id int, other date NOT NULL)');
}

function environment(folder, lake, address, databases) {
  return {
    ...process.env,
    TEMPORAL_ADDRESS: address,
    MILLRACE_URL: '',
    RELEASED_LAKE: lake,
    RELEASED_SHOP: databases.url('shop'),
    RELEASED_WAREHOUSE: databases.url('warehouse'),
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
