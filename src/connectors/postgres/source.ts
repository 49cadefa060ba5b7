import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { filterToSql } from '../../core/filter.js';
import { connectPostgres } from '../../postgres/connect.js';
import type { ExtractRequest, Source } from '../contract.js';
import { answerOf } from './answer.js';
import { attach } from './attached.js';
import { findRange, rangeCondition } from './cursor-range.js';
import { describeSource } from './describe-source.js';
import { translatePostgresError } from './errors.js';
import { tableFacts, type TableFacts } from './heaps.js';
import type { ResolvedPostgres } from './options.js';
import { cutIntoRanges } from './page-ranges.js';
import { readAtOnce, type ReadAtOnce } from './read-at-once.js';
import { previewSource } from './preview-source.js';
import { readersOf, readRanges, withoutHelpers } from './read-ranges.js';
import { readingOf, type ReadAttempt } from './reading.js';
import { scannedHeaps } from './scanned-heaps.js';
import { cancelOnAbort } from './side-connection.js';
import { takeSnapshot } from './snapshot.js';
import { TableRead } from './table-read.js';

/** How long the snapshot of an attempt that was cut off is held for the next one: it keeps VACUUM from its work. */
const HOLD_MS = 5 * 60_000;

/**
 * Reads tables and queries in one snapshot, filter and columns evaluated by the server, the rows streamed as binary COPY
 * into Parquet. Large tables are read in ranges of pages, several at once, so that an interrupted read goes on from the
 * finished ones. Nothing tells whether a table has changed, so there is no fingerprint.
 */
export function postgresSource(settings: ResolvedPostgres): Source {
  return {
    fingerprint: ({ options }) => {
      readingOf(options, settings);
      return Promise.resolve(null);
    },

    answer: (query) => answerOf(settings, query),

    describe: (request, context) => previewSource(settings, request, context),

    async extract(request, context) {
      const { options, directory } = request;
      const reading = readingOf(options, settings);
      const applicationName = `millrace extract ${randomBytes(6).toString('hex')}`;
      const attempt = { settings, context, reading, options, directory, applicationName };
      const { session } = context;
      let read: TableRead | ReadAtOnce | undefined;
      const holder = (): pg.Client | undefined => (read instanceof TableRead ? read.snapshot.client : undefined);
      const stopListening = cancelOnAbort(session, settings.url, applicationName, holder);
      try {
        const opened = (read = (await takeLeft(request)) ?? (await open(attempt)));
        await attach(session, settings.url, { applicationName, isolation: 'REPEATABLE READ', readOnly: true });
        await context.checkpoint('extract.reading');
        const extracted = await withoutHelpers(session, () =>
          opened instanceof TableRead ? readRanges(attempt, opened) : readAtOnce(attempt, opened),
        );
        if (opened instanceof TableRead) await opened.release();
        return extracted;
      } catch (error) {
        const failure = await failureOf(error, attempt);
        if (read instanceof TableRead) await read.leaveOrRelease(request.resumption, failure, HOLD_MS);
        throw failure;
      } finally {
        stopListening();
        await session.run('DETACH DATABASE IF EXISTS pg').catch(() => undefined);
      }
    },
  };
}

/** What an earlier attempt has left, moved into this one's folder, if it can be gone on with. */
async function takeLeft({ resumption, directory }: ExtractRequest): Promise<TableRead | undefined> {
  const left = resumption?.take();
  if (left instanceof TableRead && (await left.goOnIn(directory))) return left;
  await left?.release();
  return undefined;
}

async function open(attempt: ReadAttempt): Promise<TableRead | ReadAtOnce> {
  const { settings, reading, applicationName } = attempt;
  const side = await connectPostgres(settings.url, applicationName);
  let read: TableRead | undefined;
  try {
    await side.query(
      `SET default_transaction_read_only = on; SET lock_timeout = ${settings.lockTimeoutMs}; SET TimeZone = 'UTC'`,
    );
    const facts = await tableFacts(side, reading);
    read = await openInRanges(attempt, side, facts);
    return read ?? { ...(await describeSource(side, attempt)), lockable: facts.lockable };
  } finally {
    if (read === undefined) await side.end().catch(() => undefined);
  }
}

/** Opens a table to be read in ranges, where that is possible and worth it. Everything is asked anew in the snapshot. */
async function openInRanges(attempt: ReadAttempt, side: pg.Client, { heaps }: TableFacts): Promise<TableRead | undefined> {
  const { context, directory, options, reading } = attempt;
  const { from } = reading;
  const readers = await readersOf(context.session);
  if (cutIntoRanges(heaps, readers).length < 2) return undefined;
  const snapshot = await takeSnapshot(side, attempt);
  const { columns, cursor } = await describeSource(side, attempt);
  const filter = filterToSql(options.where);
  const range = cursor && (await findRange(async (sql) => (await side.query(sql)).rows, cursor, { from, condition: filter }));
  const condition = cursor && range ? `${filter} AND ${rangeCondition(cursor, range)}` : filter;
  const found = await tableFacts(side, reading);
  const ranges = cutIntoRanges(await scannedHeaps(side, from, condition, found.heaps), readers);
  if (ranges.length > 1) return new TableRead(snapshot, { columns, condition, range, ranges }, directory);
  await side.query('ROLLBACK');
  return undefined;
}

/** Why the attempt failed, in words for people: its abortion before whatever that has led to. */
async function failureOf(error: unknown, { context, settings, reading }: ReadAttempt): Promise<unknown> {
  const aborted = context.signal.aborted && (await context.session.run('SELECT 1').catch((reason: unknown) => reason));
  return aborted || translatePostgresError(error, settings, reading.label);
}
