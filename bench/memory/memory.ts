import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { median, type Benchmark, type BenchmarkOptions, type BenchmarkResult } from '../benchmark.js';
import { startWorkerProcess } from '../child-process.js';
import { settle } from '../load/tables.js';
import { watchPeaks } from '../peaks.js';
import { stagingFolder, startServers, workerEnvironment, type Servers } from '../servers.js';
import { table } from '../table.js';
import { lineitemCsv } from '../tpch.js';

/** The second reads what the first has loaded. */
const WORKS = [
  { work: 'load', pipeline: 'loadLineitem' },
  { work: 'extract', pipeline: 'readLineitem' },
  { work: 'function', pipeline: 'chargeLineitem' },
] as const;
const TIMES = 10;

interface Fact {
  readonly work: string;
  readonly size: 'a tenth' | 'all';
  readonly seconds: number;
  readonly rows: number;
  readonly peakMiB: number;
}

/**
 * The same pipelines over all rows and over a tenth of them, each run in a worker that has done nothing before: loading a CSV
 * file, reading the table back, and a TypeScript function over every row.
 */
export const benchmarkMemory: Benchmark = async (options) => {
  const csvs = {
    'a tenth': await lineitemCsv(options.scale / TIMES, options.notice),
    all: await lineitemCsv(options.scale, options.notice),
  };
  const servers = await startServers(options.notice);
  try {
    return await measure(servers, csvs, options);
  } finally {
    await servers.stop();
  }
};

async function measure(
  servers: Servers,
  csvs: Readonly<Record<Fact['size'], string>>,
  { rounds, notice }: BenchmarkOptions,
): Promise<BenchmarkResult> {
  const watch = watchPeaks({ temporal: servers.pids.temporal }, servers.pids.postgres);
  const facts: Fact[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const size of round % 2 === 0 ? (['a tenth', 'all'] as const) : (['all', 'a tenth'] as const)) {
      await servers.postgres.query('DROP TABLE IF EXISTS lineitem');
      for (const { work, pipeline } of WORKS) {
        const fact = { work, size, ...(await runAlone(servers, pipeline, csvs[size])) };
        facts.push(fact);
        notice(
          `Round ${round + 1} of ${rounds}: ${work}, ${size} of the rows: ${fact.seconds.toFixed(2)} s, ${Math.round(fact.peakMiB)} MiB`,
        );
      }
    }
  }
  return summarise(facts, watch.stop());
}

/** One run in a worker of its own, whose peak is then that of the run. */
async function runAlone(servers: Servers, pipeline: string, csv: string): Promise<Pick<Fact, 'seconds' | 'rows' | 'peakMiB'>> {
  const { temporal, postgres, postgresUrl } = servers;
  const own = { WAREHOUSE_URL: postgresUrl, LINEITEM_FOLDER: path.dirname(csv) };
  await rm(path.join(stagingFolder(servers), 'datasets'), { recursive: true, force: true });
  await settle(postgres);
  const worker = await startWorkerProcess('load/project', workerEnvironment(servers, own));
  try {
    const started = performance.now();
    const { rows } = (await temporal.client.workflow.execute(pipeline, {
      taskQueue: 'millrace',
      workflowId: `${pipeline}-${randomBytes(4).toString('hex')}`,
      args: [pipeline === 'readLineitem' ? {} : { path: path.basename(csv) }],
    })) as { rows: number };
    return { seconds: (performance.now() - started) / 1000, rows, peakMiB: (await worker.usage()).peakMiB };
  } finally {
    await worker.stop();
  }
}

function summarise(facts: readonly Fact[], peaks: Readonly<Record<string, number>>): BenchmarkResult {
  const middle = (work: string, size: Fact['size'], of: 'seconds' | 'rows' | 'peakMiB'): number =>
    median(facts.filter((fact) => fact.work === work && fact.size === size).map((fact) => fact[of]));
  const measurements = WORKS.flatMap(({ work }) => {
    const [all, tenth] = [middle(work, 'all', 'seconds'), middle(work, 'a tenth', 'seconds')];
    return [
      { work, tool: 'millrace', medianS: all, ratio: all / tenth, peakMiB: middle(work, 'all', 'peakMiB') },
      { work, tool: 'a tenth of the rows', medianS: tenth, ratio: 1, peakMiB: middle(work, 'a tenth', 'peakMiB') },
    ];
  });
  const rows = WORKS.map(({ work }) => {
    const pair = (of: 'seconds' | 'rows' | 'peakMiB'): [number, number] => [middle(work, 'a tenth', of), middle(work, 'all', of)];
    const [small, large] = pair('seconds');
    const [low, high] = pair('peakMiB');
    const [few, many] = pair('rows');
    const seconds = [small.toFixed(2), large.toFixed(2), (large / small).toFixed(2)];
    return [work, few, many, ...seconds, Math.round(low), Math.round(high), (high / low).toFixed(3)];
  });
  const head = ['work', 'rows', '10 × rows', 's', '10 × s', 'time ratio', 'MiB', '10 × MiB', 'memory ratio'];
  return { measurements, report: `Medians; the peak is that of a fresh worker\n${table(head, rows)}`, peaks };
}
