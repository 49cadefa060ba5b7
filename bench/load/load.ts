import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { TerminalError } from '../../src/core/errors.js';
import { startRun } from '../../src/temporal/start-run.js';
import { median, takeTurns, type Benchmark, type BenchmarkOptions, type BenchmarkResult, type Peaks } from '../benchmark.js';
import { runScript, startWorkerProcess, type Usage, type WorkerProcess } from '../child-process.js';
import { activitiesOf, verdictOf } from '../run-steps.js';
import { stagingFolder, startServers, workerEnvironment, type Servers } from '../servers.js';
import { lineitemCsv } from '../tpch.js';
import { watchPeaks } from '../peaks.js';
import { withPeers } from '../peers/measure-peers.js';
import { reportRounds } from './report.js';
import type { MillraceSide, RawSide, Round } from './round.js';
import { createTableLike, requireSameRows, settle, walBytes } from './tables.js';

const TABLE = 'lineitem';
const RAW_TABLE = 'lineitem_raw';

/** What the sides of one benchmark share. */
interface Stage {
  readonly servers: Servers;
  readonly worker: WorkerProcess;
  readonly environment: NodeJS.ProcessEnv;
  readonly csv: string;
  readonly notice: (line: string) => void;
}

/**
 * CSV → 16 rules → a new Postgres table, as a whole run of a pipeline, against COPY of the same bytes on the same server.
 * Sides take turns in who goes first. At the end both tables must hold the same rows, and no row may have gone through zod.
 */
export const benchmarkLoad: Benchmark = async (options) => {
  const csv = options.input ? path.resolve(options.input) : await lineitemCsv(options.scale, options.notice);
  const servers = await startServers(options.notice);
  try {
    const own = { WAREHOUSE_URL: servers.postgresUrl, LINEITEM_FOLDER: path.dirname(csv) };
    const environment = workerEnvironment(servers, own);
    const worker = await startWorkerProcess('load/project', environment);
    try {
      return await measure({ servers, worker, environment, csv, notice: options.notice }, options);
    } finally {
      await worker.stop();
    }
  } finally {
    await servers.stop();
  }
};

async function measure(stage: Stage, { rounds: count, notice, peers }: BenchmarkOptions): Promise<BenchmarkResult> {
  const { postgres } = stage.servers;
  // Whoever goes first would pay for reading the file from the disk.
  for await (const chunk of createReadStream(stage.csv, { highWaterMark: 1 << 20 })) void chunk;
  // The raw table copies the columns of the one that Millrace makes, so the first round begins with Millrace.
  let createRaw = '';
  const watch = watchPeaks(
    { 'millrace worker': stage.worker.pid, temporal: stage.servers.pids.temporal },
    stage.servers.pids.postgres,
  );
  const turns = await takeTurns(
    count,
    async () => {
      await postgres.query(`DROP TABLE IF EXISTS ${TABLE}`);
      const millrace = await measureMillrace(stage);
      createRaw ||= await createTableLike(postgres, TABLE, RAW_TABLE);
      return millrace;
    },
    async () => {
      await postgres.query(`DROP TABLE IF EXISTS ${RAW_TABLE}`);
      return measureRaw(stage, createRaw);
    },
    (round, { millrace, limit }) =>
      notice(`Round ${round + 1} of ${count}: Millrace ${millrace.seconds.toFixed(2)} s, raw COPY ${limit.seconds.toFixed(2)} s`),
  );
  const rounds = turns.map(({ millrace, limit }): Round => ({ millrace, raw: limit }));
  notice('Comparing both tables, row by row …');
  await requireSameRows(postgres, TABLE, RAW_TABLE);
  const { peakMiB } = await stage.worker.usage();
  const result = summarise(rounds, peakMiB, watch.stop());
  return peers === true ? addPeers(stage, result, rounds, notice) : result;
}

function addPeers(
  { servers, csv }: Stage,
  result: BenchmarkResult,
  rounds: readonly Round[],
  notice: (line: string) => void,
): Promise<BenchmarkResult> {
  const { postgres, postgresUrl } = servers;
  return withPeers(result, {
    work: 'load',
    servers,
    session: postgres,
    task: { csv, since: '', warehouse: postgresUrl, shop: '' },
    right: RAW_TABLE,
    // In its own tables dlt remembers those that it has made.
    prepare: async (name) =>
      void (await postgres.query(`DROP TABLE IF EXISTS ${name}, _dlt_version, _dlt_loads, _dlt_pipeline_state`)),
    rounds: rounds.length,
    limitS: median(rounds.map((round) => round.raw.seconds)),
    notice,
  });
}

async function measureMillrace({ servers, worker, csv }: Stage): Promise<MillraceSide> {
  const { temporal, postgres } = servers;
  // Nothing to reuse: neither a dataset nor a table.
  await rm(path.join(stagingFolder(servers), 'datasets'), { recursive: true, force: true });
  await settle(postgres);
  const [walBefore, before] = [await walBytes(postgres), await worker.usage()];
  const started = performance.now();
  const workflowId = `loadLineitem-${randomBytes(4).toString('hex')}`;
  const run = await startRun(temporal, {
    pipeline: 'loadLineitem',
    params: { path: path.basename(csv) },
    workflowId,
    taskQueue: 'millrace',
  });
  await temporal.client.workflow.getHandle(run.workflowId, run.runId).result();
  const seconds = (performance.now() - started) / 1000;
  const [walAfter, after] = [await walBytes(postgres), await worker.usage()];
  const activities = await activitiesOf(temporal, run);
  const { judgedByZod, rejected, rowsRead, reused } = verdictOf(activities);
  if (judgedByZod !== 0 || rejected !== 0 || reused) {
    throw new TerminalError(
      'INTERNAL',
      `The run judged ${judgedByZod} rows by zod, rejected ${rejected}, reused: ${reused}; each has to be none.`,
    );
  }
  return {
    seconds,
    rows: rowsRead ?? 0,
    walBytes: walAfter - walBefore,
    cpuS: after.cpuS - before.cpuS,
    activities: Object.fromEntries(activities.map(({ type, seconds: took }) => [type, took])),
  };
}

async function measureRaw({ servers, environment, csv }: Stage, createTable: string): Promise<RawSide> {
  const { postgres } = servers;
  await settle(postgres);
  const before = await walBytes(postgres);
  const result = await runScript<Usage & Pick<RawSide, 'seconds' | 'rows'>>(
    'load/raw-copy.mjs',
    [csv, createTable, RAW_TABLE],
    environment,
  );
  return { ...result, walBytes: (await walBytes(postgres)) - before };
}

function summarise(rounds: readonly Round[], workerPeakMiB: number, watched: Peaks): BenchmarkResult {
  const millraceS = median(rounds.map((round) => round.millrace.seconds));
  const rawS = median(rounds.map((round) => round.raw.seconds));
  const rawPeakMiB = Math.max(...rounds.map((round) => round.raw.peakMiB));
  const measurements = [
    { work: 'load', tool: 'millrace', medianS: millraceS, ratio: millraceS / rawS, peakMiB: workerPeakMiB },
    { work: 'load', tool: 'raw COPY', medianS: rawS, ratio: 1, peakMiB: rawPeakMiB },
  ];
  return { measurements, report: reportRounds(rounds, measurements), peaks: { ...watched, 'raw COPY': rawPeakMiB } };
}
