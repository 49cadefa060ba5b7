import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { openCatalog, type StepRow } from '../../src/catalog/index.js';
import { capacityOf, thisMachine } from '../../src/config/capacity.js';
import { obtainTemporal } from '../../src/dev/temporal-binary.js';
import { startTemporalServer } from '../../src/dev/temporal-server.js';
import { openSession } from '../../src/engine/session.js';
import type { Soak, SoakOptions, SoakReport } from '../soak.js';
import { limitMemory, type MemoryLimit } from './memory-limit.js';
import { startWorker, type WorkerProcess } from './worker-process.js';

const PROJECT = fileURLToPath(new URL('project', import.meta.url));
const MEMORY_BYTES = 2 * 1_073_741_824;
const MiB = 1_048_576;
const RUNS = 20;
/** Some 300 MB of rows to put in order, in a step that has less. */
const ROWS = 3_000_000;

interface Finding {
  readonly worker: WorkerProcess;
  readonly limit: MemoryLimit | undefined;
  readonly results: readonly PromiseSettledResult<unknown>[];
  readonly steps: readonly StepRow[];
  readonly rows: number;
}

/** Twenty large steps at once on a worker of 2 GiB. */
export const soak: Soak = {
  about: `${RUNS} runs at once, each with a step over ${ROWS.toLocaleString('en')} rows, on one worker with 2 GiB of memory.`,
  async run(options) {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-soak-'));
    const limit = limitMemory(MEMORY_BYTES);
    const { path: binary } = await obtainTemporal({ notice: options.notice });
    const server = await startTemporalServer({ binary, uiPort: null });
    try {
      return report(await load(folder, { address: server.address, limit }, options));
    } finally {
      await server.stop();
      limit?.remove();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function load(
  folder: string,
  { address, limit }: { readonly address: string; readonly limit: MemoryLimit | undefined },
  { scale, notice }: SoakOptions,
): Promise<Finding> {
  const rows = Math.max(1_000, Math.round(ROWS * scale));
  await writeRows(folder, rows);
  const catalogPath = join(folder, 'catalog.db');
  const environment = {
    SOAK_FOLDER: folder,
    SOAK_STAGING: join(folder, 'staging'),
    SOAK_CATALOG: catalogPath,
    TEMPORAL_ADDRESS: address,
    ...(limit ? {} : told()),
  };
  notice(limit ? 'The kernel holds the worker to 2 GiB.' : 'No control group can be made here: the worker is told of 2 GiB.');
  const worker = await startWorker(PROJECT, environment, limit);
  const connection = await Connection.connect({ address });
  try {
    const { workflow } = new Client({ connection });
    const starts = Array.from({ length: RUNS }, (_, turn) =>
      workflow.start('shuffle', { taskQueue: 'soak-steps', workflowId: `shuffle-${turn}`, args: [{ turn }] }),
    );
    const handles = await Promise.all(starts);
    let done = 0;
    // Without it no run ends.
    const gone = worker.end.then((how) => Promise.reject(new Error(`The worker ended: ${how}`)));
    gone.catch(() => undefined);
    const results = await Promise.allSettled(
      handles.map((handle) =>
        Promise.race([handle.result(), gone]).finally(() => notice(`${(done += 1)} of ${RUNS} runs have ended`)),
      ),
    );
    const steps = await stepsOf(catalogPath, handles);
    return { worker, limit, results, steps, rows };
  } finally {
    await connection.close();
    await worker.stop();
  }
}

/** What a worker on two gibibytes would find out. */
function told(): Readonly<Record<string, string>> {
  const { memoryLimit, steps } = capacityOf({ ...thisMachine(), memoryBytes: MEMORY_BYTES });
  return { SOAK_MEMORY_LIMIT: memoryLimit, SOAK_STEPS: String(steps) };
}

async function writeRows(folder: string, rows: number): Promise<void> {
  const limits = { memoryLimit: '500MB', threads: 2, spillDirectory: join(folder, 'spill') };
  const session = await openSession(limits, new AbortController().signal);
  try {
    const select = `SELECT range AS id, md5(range::VARCHAR) || sha256(range::VARCHAR) AS text FROM range(${rows})`;
    await session.run(`COPY (${select}) TO '${join(folder, 'rows.parquet')}' (FORMAT parquet)`);
  } finally {
    session.close();
  }
}

async function stepsOf(path: string, runs: readonly { readonly workflowId: string; readonly firstExecutionRunId: string }[]) {
  const catalog = await openCatalog({ path });
  try {
    const steps = await Promise.all(runs.map((run) => catalog.listAttempts(run.workflowId, run.firstExecutionRunId)));
    return steps.flat();
  } finally {
    await catalog.close();
  }
}

function report({ worker, limit, results, steps, rows }: Finding): SoakReport {
  const failed = results.filter((each) => each.status === 'rejected');
  const wrong = results.filter((each) => each.status === 'fulfilled' && each.value !== rows);
  const again = steps.filter(({ attempt }) => attempt > 1);
  const most = mostAtOnce(steps);
  const peak = worker.peakBytes();
  const killed = limit?.killed() ?? 0;
  const problems = [
    failed.length > 0 && `${failed.length} runs failed: ${String((failed[0] as PromiseRejectedResult).reason)}`,
    wrong.length > 0 && `${wrong.length} runs have another number of rows`,
    again.length > 0 && `${again.length} steps were begun again`,
    most > worker.steps && `${most} steps were at work at once, of ${worker.steps} that may be`,
    peak > MEMORY_BYTES && `the worker had ${Math.round(peak / MiB)} MiB of memory`,
    killed > 0 && `the kernel killed ${killed} processes for memory`,
  ].filter((each) => typeof each === 'string');
  const figures = {
    runs: results.length,
    'rows in each': rows,
    'steps at once at most': most,
    'steps that may be at once': worker.steps,
    'peak resident memory of the worker, MiB': Math.round(peak / MiB),
    'held to 2 GiB by': limit ? 'the kernel' : 'nobody, it was told of them',
  };
  return { figures, problems };
}

/** How many of the steps were at work at the same time. */
function mostAtOnce(steps: readonly StepRow[]): number {
  const changes = steps.flatMap(({ startedAt, finishedAt }) =>
    startedAt === null || finishedAt === null
      ? []
      : [
          { at: startedAt, by: 1 },
          { at: finishedAt, by: -1 },
        ],
  );
  let [now, most] = [0, 0];
  for (const { by } of changes.toSorted((a, b) => a.at.localeCompare(b.at) || a.by - b.by)) most = Math.max(most, (now += by));
  return most;
}
