import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { TerminalError } from '../../src/core/errors.js';
import type { DatasetStepResult } from '../../src/core/steps.js';
import { ensureExtension } from '../../src/engine/extensions.js';
import { startRun } from '../../src/temporal/start-run.js';
import { median, type Benchmark, type BenchmarkOptions, type BenchmarkResult } from '../benchmark.js';
import { runScript, startWorkerProcess, type WorkerProcess } from '../child-process.js';
import { settle } from '../load/tables.js';
import { activitiesOf } from '../run-steps.js';
import { startServers, type Servers } from '../servers.js';
import { lineitemCsv } from '../tpch.js';
import { reportRounds, type LimitSide, type MillraceSide, type Round } from './report.js';
import { requireSameFiles } from './same-rows.js';
import { makeSourceTable } from './source-table.js';

interface Stage {
  readonly servers: Servers;
  readonly worker: WorkerProcess;
  readonly environment: NodeJS.ProcessEnv;
  /** DuckDB's extension for Postgres, on this machine. */
  readonly extension: string;
  /** What the limit writes. */
  readonly file: string;
}

/**
 * A Postgres table → Parquet, as a whole run of a pipeline with one step, against DuckDB's own COPY from the attached database.
 * Both compress with zstd. Sides take turns in who goes first; in each round their files must hold the same rows.
 */
export const benchmarkExtract: Benchmark = async (options) => {
  const csv = options.input ? path.resolve(options.input) : await lineitemCsv(options.scale, options.notice);
  const servers = await startServers(options.notice);
  try {
    options.notice('Filling the table …');
    await makeSourceTable(servers.postgres, csv);
    await settle(servers.postgres);
    const environment = environmentFor(servers);
    const worker = await startWorkerProcess('extract/project', environment);
    try {
      const file = path.join(servers.scratch, 'limit.parquet');
      return await measure({ servers, worker, environment, extension: await extensionFile(), file }, options);
    } finally {
      await worker.stop();
    }
  } finally {
    await servers.stop();
  }
};

function environmentFor({ scratch, temporal, postgresUrl }: Servers): NodeJS.ProcessEnv {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(TEMPORAL_|PG[A-Z]+$)/.test(name)));
  return {
    ...inherited,
    TEMPORAL_ADDRESS: temporal.address,
    SHOP_URL: postgresUrl,
    STAGING_FOLDER: stagingFolder(scratch),
    SPILL_FOLDER: path.join(scratch, 'spill'),
    CATALOG_FILE: path.join(scratch, 'catalog.db'),
  };
}

function stagingFolder(scratch: string): string {
  return path.join(scratch, 'staging');
}

async function extensionFile(): Promise<string> {
  const instance = await DuckDBInstance.create(':memory:');
  try {
    return await ensureExtension(await instance.connect(), 'postgres_scanner');
  } finally {
    instance.closeSync();
  }
}

async function measure(stage: Stage, { rounds: count, notice }: BenchmarkOptions): Promise<BenchmarkResult> {
  const rounds: Round[] = [];
  for (let index = 0; index < count; index++) {
    const early = index % 2 === 1 ? await measureLimit(stage) : undefined;
    const millrace = await measureMillrace(stage);
    const round = { millrace, limit: early ?? (await measureLimit(stage)) };
    await requireSameFiles(path.join(stagingFolder(stage.servers.scratch), 'datasets/*/*/*.parquet'), stage.file);
    rounds.push(round);
    notice(
      `Round ${index + 1} of ${count}: Millrace ${round.millrace.seconds.toFixed(2)} s, DuckDB ${round.limit.seconds.toFixed(2)} s`,
    );
  }
  const { peakMiB } = await stage.worker.usage();
  const millraceS = median(rounds.map((round) => round.millrace.seconds));
  const limitS = median(rounds.map((round) => round.limit.seconds));
  const limitMiB = Math.max(...rounds.map((round) => round.limit.peakMiB));
  const measurements = [
    { work: 'extract', tool: 'millrace', medianS: millraceS, ratio: millraceS / limitS, peakMiB },
    { work: 'extract', tool: 'DuckDB COPY', medianS: limitS, ratio: 1, peakMiB: limitMiB },
  ];
  return { measurements, report: reportRounds(rounds, measurements) };
}

async function measureMillrace({ servers, worker }: Stage): Promise<MillraceSide> {
  const { temporal, scratch } = servers;
  // Nothing to reuse; and the comparison is to see this round's files only.
  await rm(path.join(stagingFolder(scratch), 'datasets'), { recursive: true, force: true });
  const before = await worker.usage();
  const started = performance.now();
  const workflowId = `extractLineitem-${randomBytes(4).toString('hex')}`;
  const run = await startRun(temporal, { pipeline: 'extractLineitem', params: {}, workflowId, taskQueue: 'millrace' });
  await temporal.client.workflow.getHandle(run.workflowId, run.runId).result();
  const seconds = (performance.now() - started) / 1000;
  const after = await worker.usage();
  const step = (await activitiesOf(temporal, run)).find(({ type }) => type === 'extract');
  const result = step?.result as DatasetStepResult | undefined;
  if (step === undefined || result?.rowsRead == null || result.reused) {
    throw new TerminalError('INTERNAL', `The run read ${String(result?.rowsRead)} rows, reused: ${String(result?.reused)}.`);
  }
  return { seconds, stepS: step.seconds, rows: result.rowsRead, cpuS: after.cpuS - before.cpuS };
}

function measureLimit({ environment, extension, file }: Stage): Promise<LimitSide> {
  return runScript('extract/attached-copy.mjs', [extension, 'lineitem', file], environment);
}
