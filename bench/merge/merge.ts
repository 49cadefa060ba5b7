import { randomBytes } from 'node:crypto';
import { median, takeTurns, type Benchmark, type BenchmarkOptions, type BenchmarkResult, type Turns } from '../benchmark.js';
import { runScript, startWorkerProcess, type Usage, type WorkerProcess } from '../child-process.js';
import { requireSameRows, settle } from '../load/tables.js';
import { watchPeaks } from '../peaks.js';
import { withPeers } from '../peers/measure-peers.js';
import { activitiesOf } from '../run-steps.js';
import { startServers, workerEnvironment, type Servers } from '../servers.js';
import { table } from '../table.js';
import { makeDatabases, restore, SINCE, type Databases } from './data.js';

const TABLE = 'orders';
const HAND_TABLE = 'orders_by_hand';

interface Stage {
  readonly servers: Servers;
  readonly databases: Databases;
  readonly worker: WorkerProcess;
  readonly environment: NodeJS.ProcessEnv;
}

interface MillraceSide {
  readonly seconds: number;
  readonly rows: number;
  readonly cpuS: number;
  /** Seconds of each activity, by its type. */
  readonly activities: Readonly<Record<string, number>>;
}

interface HandSide extends Usage {
  readonly seconds: number;
  readonly rows: number;
}

/**
 * What changed in one database, merged into a table of another, as a whole run of a pipeline; against COPY into COPY and
 * `INSERT … ON CONFLICT`. Both begin with the same rows, and at the end both tables must hold the same.
 */
export const benchmarkMerge: Benchmark = async (options) => {
  const servers = await startServers(options.notice);
  try {
    const databases = await makeDatabases(servers, options.scale, options.notice);
    const own = { SHOP_URL: servers.urlOf('shop'), WAREHOUSE_URL: servers.urlOf('warehouse') };
    const environment = workerEnvironment(servers, own);
    const worker = await startWorkerProcess('merge/project', environment);
    try {
      return await measure({ servers, databases, worker, environment }, options);
    } finally {
      await worker.stop();
      await databases.close();
    }
  } finally {
    await servers.stop();
  }
};

async function measure(stage: Stage, { rounds, notice, peers }: BenchmarkOptions): Promise<BenchmarkResult> {
  const { servers, databases, worker } = stage;
  const watch = watchPeaks({ 'millrace worker': worker.pid, temporal: servers.pids.temporal }, servers.pids.postgres);
  // A worker does many loads, and only its first one opens what the others find open.
  notice('Warming up …');
  await measureMillrace(stage);
  await measureByHand(stage);
  const turns = await takeTurns(
    rounds,
    () => measureMillrace(stage),
    () => measureByHand(stage),
    (round, { millrace, limit }) =>
      notice(`Round ${round + 1} of ${rounds}: Millrace ${millrace.seconds.toFixed(2)} s, by hand ${limit.seconds.toFixed(2)} s`),
  );
  notice('Comparing both tables, row by row …');
  await requireSameRows(databases.warehouse, TABLE, HAND_TABLE);
  const result = summarise(turns, watch.stop());
  if (peers !== true) return result;
  return withPeers(result, {
    work: 'merge',
    servers,
    session: databases.warehouse,
    task: { csv: '', since: SINCE, warehouse: servers.urlOf('warehouse'), shop: servers.urlOf('shop') },
    right: HAND_TABLE,
    prepare: (name) => restore(databases.warehouse, name),
    rounds,
    limitS: median(turns.map(({ limit }) => limit.seconds)),
    notice,
  });
}

async function measureMillrace({ servers, databases, worker }: Stage): Promise<MillraceSide> {
  const { client } = servers.temporal;
  await prepare(databases, TABLE);
  const { cpuS } = await worker.usage();
  const workflowId = `mergeOrders-${randomBytes(4).toString('hex')}`;
  const started = performance.now();
  const handle = await client.workflow.start('mergeOrders', { workflowId, taskQueue: 'millrace', args: [{ since: SINCE }] });
  const { rows } = (await handle.result()) as { rows: number };
  const seconds = (performance.now() - started) / 1000;
  const used = (await worker.usage()).cpuS - cpuS;
  const activities = await activitiesOf(servers.temporal, { workflowId, runId: handle.firstExecutionRunId });
  return { seconds, rows, cpuS: used, activities: Object.fromEntries(activities.map((each) => [each.type, each.seconds])) };
}

async function measureByHand({ databases, environment }: Stage): Promise<HandSide> {
  await prepare(databases, HAND_TABLE);
  return runScript<HandSide>('merge/by-hand.mjs', [HAND_TABLE, SINCE], environment);
}

async function prepare({ shop, warehouse }: Databases, name: string): Promise<void> {
  await restore(warehouse, name);
  await settle(shop);
  await settle(warehouse);
}

function summarise(turns: readonly Turns<MillraceSide, HandSide>[], watched: Readonly<Record<string, number>>): BenchmarkResult {
  const millraceS = median(turns.map(({ millrace }) => millrace.seconds));
  const handS = median(turns.map(({ limit }) => limit.seconds));
  const handMiB = Math.max(...turns.map(({ limit }) => limit.peakMiB));
  const rows = turns.map(({ millrace, limit }, index) => [
    index + 1,
    ...['extract', 'load'].map((type) => (millrace.activities[type] ?? 0).toFixed(2)),
    millrace.seconds.toFixed(2),
    limit.seconds.toFixed(2),
    (millrace.seconds / limit.seconds).toFixed(3),
    millrace.cpuS.toFixed(2),
    limit.cpuS.toFixed(2),
  ]);
  const head = ['round', 'extract s', 'load s', 'millrace s', 'by hand s', 'ratio', 'worker CPU s', 'by hand CPU s'];
  return {
    measurements: [
      { work: 'merge', tool: 'millrace', medianS: millraceS, ratio: millraceS / handS, peakMiB: watched['millrace worker'] ?? 0 },
      { work: 'merge', tool: 'COPY and upsert by hand', medianS: handS, ratio: 1, peakMiB: handMiB },
    ],
    report: `${turns[0]?.millrace.rows ?? 0} changes\n${table(head, rows)}`,
    peaks: { ...watched, 'by hand': handMiB },
  };
}
