import { messageOf } from '../../core/errors.js';
import { quoteLiteral } from '../../core/filter.js';
import type { Extracted, Session, SideSession } from '../contract.js';
import { ATTACHED } from './attached.js';
import { copyPart, describePart } from './copy-part.js';
import type { ReadAttempt } from './reading.js';
import { inexactColumn } from './source-columns.js';
import type { TableRead } from './table-read.js';

/** Each reader is a connection and a backend of the server. */
const MOST_READERS = 8;

/**
 * How many ranges are read at once: a thread of DuckDB's for each, and at least one of Node's pool, of which each statement
 * holds one, stays free for everything else.
 */
export async function readersOf(session: Pick<Session, 'rows'>): Promise<number> {
  const pool = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4);
  return Math.max(1, Math.min(await threadsOf(session), pool - 1, MOST_READERS));
}

/**
 * Lets each statement be worked on by the thread that runs it alone. One that reads from a server keeps one thread busy;
 * with helpers, they would do that work while the caller's thread goes round in a loop until it is done.
 */
export async function withoutHelpers<T>(session: Pick<Session, 'run' | 'rows'>, work: () => Promise<T>): Promise<T> {
  await session.run(`SET external_threads = ${await threadsOf(session)}`);
  try {
    return await work();
  } finally {
    await session.run('RESET external_threads').catch(() => undefined);
  }
}

async function threadsOf(session: Pick<Session, 'rows'>): Promise<number> {
  const [setting] = await session.rows<{ threads: bigint }>("SELECT current_setting('threads') AS threads");
  return Number(setting?.threads);
}

/** Reads the ranges that are missing, several at once, and gives the whole table. */
export async function readRanges(attempt: ReadAttempt, read: TableRead): Promise<Extracted> {
  for (;;) {
    try {
      await readMissing(attempt, read);
      break;
    } catch (error) {
      const column = inexactColumn(messageOf(error), read.plan.columns);
      if (column === undefined || read.asText.has(column.name)) throw error;
      read.readAsText(column.name);
    }
  }
  await read.snapshot.prove();
  return read.result();
}

async function readMissing({ context }: ReadAttempt, read: TableRead): Promise<void> {
  const { session, signal, checkpoint, progress } = context;
  const missing = read.missing();
  const queue = missing.values();
  const failures: unknown[] = [];
  const describing: Promise<void>[] = [];
  let rowsRead = read.rowsFinished;

  async function readOne(reader: SideSession, index: number): Promise<void> {
    const name = `part-${index}.parquet`;
    const columns = { columns: read.plan.columns, asText: read.asText };
    const rows = await copyPart(reader, columns, read.rowsOf(index), `${read.directory}/${name}`);
    progress((rowsRead += rows));
    // The next range is read while this one's file is hashed.
    const part = describePart(read.directory, name, rows, signal).then((found) => read.finish(index, found));
    describing.push(part.catch((error: unknown) => void failures.push(error)));
    await checkpoint('extract.range');
  }

  const readers = await openReaders(session, Math.min(await readersOf(session), missing.length), read.snapshot.adopt);
  try {
    await Promise.all(
      readers.map(async (reader) => {
        // Whoever is at work when another one fails finishes its range: what is finished need not be read again.
        for (let next = queue.next(); !next.done && failures.length === 0; next = queue.next()) {
          await readOne(reader, next.value).catch((error: unknown) => void failures.push(error));
        }
      }),
    );
  } finally {
    await Promise.all([...readers.map(closeReader), ...describing]);
  }
  if (failures.length > 0) throw failures[0];
}

/** Connections that see the snapshot; fewer than asked for where the server gives no more, at least one. */
async function openReaders(session: Session, count: number, adopt: string): Promise<SideSession[]> {
  const opening = await Promise.allSettled(Array.from({ length: count }, () => openReader(session, adopt)));
  const readers = opening.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const failed = opening.find((each) => each.status === 'rejected');
  if (failed && (readers.length === 0 || !/too many|connection slots/i.test(messageOf(failed.reason)))) {
    await Promise.all(readers.map(closeReader));
    throw failed.reason;
  }
  return readers;
}

async function openReader(session: Session, adopt: string): Promise<SideSession> {
  const reader = await session.connectBeside();
  try {
    await reader.run('BEGIN');
    await reader.run(`CALL postgres_execute('${ATTACHED}', ${quoteLiteral(adopt)})`);
    return reader;
  } catch (error) {
    await closeReader(reader);
    throw error;
  }
}

async function closeReader(reader: SideSession): Promise<void> {
  await reader.rollback();
  reader.close();
}
