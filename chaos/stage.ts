import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { loadProject } from '../src/config/load.js';
import { bundleProject } from '../src/worker/bundle.js';
import { Database } from './database.js';
import { openLine, type Line } from './servers/line.js';
import { startPostgres, type ChaosPostgres } from './servers/postgres.js';
import { openStagingDisk, type StagingDisk } from './servers/staging-disk.js';
import { startTemporal, type ChaosTemporal } from './servers/temporal.js';
import { openWorkers, type Workers } from './servers/workers.js';

/** What trials work with. It is built once: what a trial breaks is mended before the next one. */
export interface Stage {
  readonly folder: string;
  /** What the connection `lake` reads and writes. */
  readonly lake: string;
  readonly workerLog: string;
  readonly postgres: ChaosPostgres;
  readonly temporal: ChaosTemporal;
  readonly line: Line;
  readonly disk: StagingDisk;
  readonly workers: Workers;
  /** The harness's own way to the database, past the line that faults cut. */
  readonly database: Database;
  /** Begins a trial: one worker, a log of its own, servers that run. */
  prepare(): Promise<void>;
  /** Starts servers that do not run, and gives the staging disk back. */
  mend(): Promise<void>;
  /** Removes staged datasets, between trials. */
  emptyStaging(): Promise<void>;
  close(): Promise<void>;
}

export interface StageOptions {
  readonly notice: (line: string) => void;
  /** Keep data folders and logs. */
  readonly keep: boolean;
}

const PROJECT = path.join(import.meta.dirname, 'project');
/** Steps at work at once. */
const STEPS = 4;

/** Starts servers and workers of the harness's own. @throws TerminalError TOOL_MISSING */
export async function openStage({ notice, keep }: StageOptions): Promise<Stage> {
  const folder = makeFolder(keep);
  const closers: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const each of closers.toReversed()) await each();
  };
  try {
    const postgres = await startPostgres(path.join(folder, 'postgres'));
    closers.push(() => postgres.stop());
    const database = new Database(postgres);
    closers.push(() => database.close());
    await database.query('CREATE SCHEMA shop; CREATE SCHEMA warehouse');
    const line = await openLine(postgres.port);
    closers.push(() => line.close());
    const temporal = await startTemporal(path.join(folder, 'temporal.db'), notice);
    closers.push(() => temporal.stop());
    const staging = path.join(folder, 'staging');
    const disk = openStagingDisk(staging);
    // Before the folder goes.
    process.prependOnceListener('exit', () => disk.close());
    closers.push(() => disk.close());
    const lake = path.join(folder, 'lake');
    mkdirSync(lake);
    const environment = {
      CHAOS_DATABASE: Object.assign(new URL(postgres.url()), { port: String(line.port) }).toString(),
      CHAOS_LAKE: lake,
    };
    const workerLog = path.join(folder, 'workers.log');
    const workers = await openWorkers({
      project: PROJECT,
      environment,
      setup: {
        address: temporal.address,
        taskQueue: TASK_QUEUE,
        bundlePath: await bundle(folder, environment),
        folder,
        steps: STEPS,
        polls: 1,
        ...(disk.quotaBytes !== undefined && { stagingBytes: disk.quotaBytes }),
      },
      logFile: workerLog,
    });
    closers.push(() => workers.close());
    const mend = async (): Promise<void> => {
      await Promise.all([postgres.mend(), temporal.mend(), disk.free()]);
    };
    const prepare = async (): Promise<void> => {
      await mend();
      await workers.reduceToOne();
      writeFileSync(workerLog, '');
    };
    const emptyStaging = (): Promise<void> => rm(path.join(staging, 'datasets'), { recursive: true, force: true });
    return { folder, lake, workerLog, postgres, temporal, line, disk, workers, database, mend, prepare, emptyStaging, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Where the workers look for runs. */
export const TASK_QUEUE = 'chaos';

function makeFolder(keep: boolean): string {
  // Not the temporary folder, which may be in memory; not the home folder, where PostgreSQL's user may not go.
  const folder = mkdtempSync('/var/tmp/millrace-chaos-');
  chmodSync(folder, 0o755);
  if (!keep) process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

async function bundle(folder: string, environment: Readonly<Record<string, string>>): Promise<string> {
  Object.assign(process.env, environment);
  const file = path.join(folder, 'workflows.js');
  writeFileSync(file, (await bundleProject(await loadProject(PROJECT))).code);
  return file;
}
