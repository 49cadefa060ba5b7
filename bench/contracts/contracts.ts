import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { TerminalError } from '../../src/core/errors.js';
import type { DatasetStepResult } from '../../src/core/steps.js';
import { startRun } from '../../src/temporal/start-run.js';
import { median, takeTurns, type Benchmark, type BenchmarkOptions, type BenchmarkResult } from '../benchmark.js';
import { runScript, startWorkerProcess, type WorkerProcess } from '../child-process.js';
import { activitiesOf } from '../run-steps.js';
import { stagingFolder, startServers, workerEnvironment, type Servers } from '../servers.js';
import { measurePeers } from './peers.js';
import { reportRounds, type LimitSide, type MillraceSide, type Round, type ZodSide } from './report.js';
import { stagedLineitem } from './staged-lineitem.js';
import { verdictIn, type Verdict } from './verdict.js';

/** What the sides share. */
interface Stage {
  readonly servers: Servers;
  readonly worker: WorkerProcess;
  /** The staged rows. */
  readonly source: string;
  /** Where the sides that are not Millrace write. */
  readonly folder: string;
}

/**
 * Staged Parquet → judged by the contract of 16 columns, 5 % of the rows rejected with their reasons, as a whole run of a pipeline;
 * against DuckDB that reads and writes the same Parquet without rules, and zod row by row in Node. zod must reject the same rows for
 * as many reasons, and Millrace must have judged every row by SQL.
 */
export const benchmarkContracts: Benchmark = async (options) => {
  const staged = await stagedLineitem(options.scale, options.notice);
  const servers = await startServers(options.notice);
  try {
    const worker = await startWorkerProcess('contracts/project', workerEnvironment(servers, { LINEITEM_FOLDER: staged }));
    try {
      const folder = path.join(servers.scratch, 'others');
      mkdirSync(folder);
      return await measure({ servers, worker, source: path.join(staged, 'lineitem.parquet'), folder }, options);
    } finally {
      await worker.stop();
    }
  } finally {
    await servers.stop();
  }
};

async function measure(stage: Stage, { rounds: count, notice, peers }: BenchmarkOptions): Promise<BenchmarkResult> {
  // Whoever goes first would pay for reading the file from the disk, and for the worker's first run.
  await measureLimit(stage);
  await measureMillrace(stage);
  const rounds: Round[] = await takeTurns(
    count,
    () => measureMillrace(stage),
    () => measureLimit(stage),
    (round, { millrace, limit }) =>
      notice(`Round ${round + 1} of ${count}: Millrace ${millrace.seconds.toFixed(2)} s, DuckDB ${limit.seconds.toFixed(2)} s`),
  );
  notice('zod, row by row …');
  const zod = await measureZod(stage);
  const [first] = rounds;
  if (first) requireSame(first.millrace.verdict, zod);
  const { peakMiB } = await stage.worker.usage();
  const limitS = median(rounds.map((round) => round.limit.seconds));
  const other =
    peers === true ? await measurePeers(stage.source, stage.folder, limitS, zod, notice) : { measurements: [], said: [] };
  const millraceS = median(rounds.map((round) => round.millrace.seconds));
  const limitMiB = Math.max(...rounds.map((round) => round.limit.peakMiB));
  const measurements = [
    { work: 'judge', tool: 'millrace', medianS: millraceS, ratio: millraceS / limitS, peakMiB },
    { work: 'judge', tool: 'DuckDB without rules', medianS: limitS, ratio: 1, peakMiB: limitMiB },
    { work: 'judge', tool: 'zod row by row', medianS: zod.seconds, ratio: zod.seconds / limitS, peakMiB: zod.peakMiB },
    ...other.measurements,
  ];
  return { measurements, report: [reportRounds(rounds, zod), ...other.said].join('\n') };
}

async function measureMillrace({ servers, worker }: Stage): Promise<MillraceSide> {
  const { temporal } = servers;
  const datasets = path.join(stagingFolder(servers), 'datasets');
  // Nothing to reuse.
  await rm(datasets, { recursive: true, force: true });
  const before = await worker.usage();
  const started = performance.now();
  const workflowId = `judgeLineitem-${randomBytes(4).toString('hex')}`;
  const run = await startRun(temporal, { pipeline: 'judgeLineitem', params: {}, workflowId, taskQueue: 'millrace' });
  await temporal.client.workflow.getHandle(run.workflowId, run.runId).result();
  const seconds = (performance.now() - started) / 1000;
  const after = await worker.usage();
  const step = (await activitiesOf(temporal, run)).find(({ type }) => type === 'validate');
  const result = step?.result as DatasetStepResult | undefined;
  if (step === undefined || result === undefined || result.reused || result.judgedByZod !== 0) {
    throw new TerminalError('INTERNAL', `Reused: ${String(result?.reused)}, judged by zod: ${String(result?.judgedByZod)}.`);
  }
  const verdict = await verdictIn(path.join(datasets, '*/*/rejects.parquet'));
  return { seconds, stepS: step.seconds, rows: result.rowsRead ?? 0, cpuS: after.cpuS - before.cpuS, verdict };
}

function measureLimit({ source, folder }: Stage): Promise<LimitSide> {
  return runScript('contracts/plain-copy.mjs', [source, path.join(folder, 'plain.parquet')], process.env);
}

/** Once: it takes many times as long as the others. */
function measureZod({ source, folder }: Stage): Promise<ZodSide> {
  return runScript('contracts/zod-rows.mjs', [source, folder], process.env);
}

function requireSame(ours: Verdict, { rejected, lines, reasons }: Verdict): void {
  if (ours.rejected === rejected && ours.lines === lines && ours.reasons === reasons) return;
  throw new Error(
    `Millrace and zod reject other rows: ${JSON.stringify(ours)} and ${JSON.stringify({ rejected, lines, reasons })}: the benchmark is void.`,
  );
}
