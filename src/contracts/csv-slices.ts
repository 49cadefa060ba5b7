import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { quoteLiteral } from '../core/filter.js';
import type { EngineSession } from '../engine/session.js';

/** 245,760 rows a file: often enough for a reader beside to have something to do, and seldom enough to cost nothing. */
const SLICING = 'ROW_GROUP_SIZE 61440, ROW_GROUPS_PER_FILE 4';

const LOOK_INTERVAL_MS = 50;

/** Where the files of one pass go, and who hears of each as soon as it is whole. */
export interface Slices {
  /** As a part's path: `./part-0`. */
  readonly name: string;
  /** Absolute; must not be there yet. */
  readonly folder: string;
  readonly onFile: (file: string) => void;
}

/**
 * Writes the rows of a SELECT into Parquet files, in order, one file after another. DuckDB keeps no order where it divides
 * rows over files by several threads, so it gets one thread for the while.
 *
 * @returns names of the files, in order; at least one
 */
export async function copySliced(session: EngineSession, select: string, format: string, slices: Slices): Promise<string[]> {
  const [setting] = await session.rows<{ threads: bigint }>(`SELECT current_setting('threads') AS threads`);
  await session.run('SET threads = 1');
  const watch = watchFiles(slices);
  try {
    await session.run(`COPY (${select}) TO ${quoteLiteral(slices.folder)} (${format}, ${SLICING})`);
  } finally {
    await watch.stop();
  }
  await session.run(`SET threads = ${Number(setting?.threads ?? 1)}`);
  return watch.tellRest();
}

function watchFiles({ name, folder, onFile }: Slices) {
  const told: string[] = [];
  const tell = (): void => {
    const file = fileName(told.length);
    told.push(`${name}/${file}`);
    onFile(path.join(folder, file));
  };
  // One thread ends a file before it writes a byte of the next one.
  const look = async (): Promise<void> => {
    while ((await sizeOf(path.join(folder, fileName(told.length + 1)))) > 0) tell();
  };
  let looking = Promise.resolve();
  const timer = setInterval(() => void (looking = looking.then(look)), LOOK_INTERVAL_MS);
  return {
    async stop(): Promise<void> {
      clearInterval(timer);
      await looking;
    },
    async tellRest(): Promise<string[]> {
      const made = (await readdir(folder)).length;
      while (told.length < made) tell();
      return told;
    },
  };
}

function fileName(index: number): string {
  return `data_${index}.parquet`;
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    (stats) => stats.size,
    () => 0,
  );
}
