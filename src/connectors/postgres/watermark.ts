import { randomBytes } from 'node:crypto';
import type { StoredWatermark, Watermark } from '../../core/cursor.js';
import { quoteLiteral } from '../../core/filter.js';
import { moveWatermark, watermarkFor, watermarkName, type WatermarkMove } from '../../core/watermark.js';
import { connectPostgres } from '../../postgres/connect.js';
import type { CallContext, LoadRequest, WatermarkRequest } from '../contract.js';
import { execute, select } from './attached.js';
import { translatePostgresError } from './errors.js';
import { ledgerTable, type LedgerEntry } from './ledger.js';
import type { ResolvedPostgres } from './options.js';
import { cancelOnAbort } from './side-connection.js';
import { parseTableName, type TableName } from './table-name.js';

interface StoredRow {
  readonly id: bigint | string;
  readonly load_id: string;
  readonly watermark: string;
}

/** The watermark of a table, as the ledger beside it tells. A table that is not there begins anew, whatever the ledger remembers. */
export async function readWatermark(
  settings: ResolvedPostgres,
  request: WatermarkRequest,
  { session, signal }: CallContext,
): Promise<Watermark> {
  const name = parseTableName(request.target, settings.schema);
  const applicationName = `millrace watermark ${randomBytes(6).toString('hex')}`;
  const stopListening = cancelOnAbort(session, settings.url, applicationName);
  const identity = { target: `${request.connection}.${targetOf(name)}`, name: request.name, step: request.step };
  try {
    const side = await connectPostgres(settings.url, applicationName);
    try {
      await side.query(`SET default_transaction_read_only = on; SET lock_timeout = ${settings.lockTimeoutMs}`);
      const { rows } = await side.query<{ ready: boolean }>(
        'SELECT to_regclass($1) IS NOT NULL AND to_regclass($2) IS NOT NULL AS ready',
        [ledgerTable(settings.ledgerSchema), name.sql],
      );
      if (rows[0]?.ready !== true) return watermarkFor(identity, undefined, undefined);
      const find = async (condition: string): Promise<StoredWatermark | undefined> => {
        const found = await side.query<StoredRow>(latestOf(settings, targetOf(name), request.name, condition));
        return found.rows[0] && (JSON.parse(found.rows[0].watermark) as StoredWatermark);
      };
      return watermarkFor(identity, await find('TRUE'), await find(`watermark ->> 'step' = ${quoteLiteral(request.step)}`));
    } finally {
      await side.end().catch(() => undefined);
    }
  } catch (error) {
    // An aborted session says itself why it was aborted.
    if (signal.aborted) await session.run('SELECT 1');
    throw translatePostgresError(error, settings, `the ledger of table ${name.sql}`);
  } finally {
    stopListening();
  }
}

/** What a load does to its watermark in this ledger. */
export interface LedgerMove extends WatermarkMove {
  /** False when the load's row was written before those of others, as when the table was dropped since: it then has to be written anew. */
  readonly isLatest: boolean;
}

interface MovingLoad {
  readonly settings: ResolvedPostgres;
  readonly request: LoadRequest;
  readonly context: CallContext;
  readonly name: TableName;
}

/**
 * Whether the load may move its watermark, and how; `undefined` for a load without one. From then on until the end of the
 * transaction no other load moves it, so that the ledger's ids are in the order of their commits.
 *
 * @throws TerminalError WATERMARK_MOVED, OPTION_INVALID
 */
export async function lockWatermark(load: MovingLoad, earlier: LedgerEntry | undefined): Promise<LedgerMove | undefined> {
  const { settings, request, context, name } = load;
  const { watermark: range } = request;
  if (range === undefined) return undefined;
  const { session } = context;
  const target = targetOf(name);
  const named = watermarkName(range);
  await execute(
    session,
    `SELECT pg_advisory_xact_lock(hashtextextended(${quoteLiteral(`millrace watermark ${target} ${named}`)}, 0))`,
  );
  const [table] = await select<{ there: boolean }>(session, `SELECT to_regclass(${quoteLiteral(name.sql)}) IS NOT NULL AS there`);
  const other = `load_id <> ${quoteLiteral(request.identity.loadId)}`;
  const [latest] = await select<StoredRow>(session, latestOf(settings, target, named, other));
  const isThere = table?.there === true;
  const isLatest = earlier === undefined || latest === undefined || BigInt(latest.id) < earlier.id;
  const own = isThere && earlier?.watermark?.name === named ? earlier.watermark : undefined;
  const state = {
    own,
    latest: isThere && latest ? (JSON.parse(latest.watermark) as StoredWatermark) : undefined,
    ownIsLatest: own !== undefined && isLatest,
    by: latest?.load_id,
  };
  return { ...moveWatermark(range, `${request.connection}.${target}`, state), isLatest };
}

function latestOf({ ledgerSchema }: ResolvedPostgres, target: string, name: string, condition: string): string {
  return `SELECT id, load_id, watermark::text AS watermark FROM ${ledgerTable(ledgerSchema)}
    WHERE target = ${quoteLiteral(target)} AND watermark IS NOT NULL AND watermark ->> 'name' = ${quoteLiteral(name)} AND ${condition}
    ORDER BY id DESC LIMIT 1`;
}

function targetOf({ schema, table }: TableName): string {
  return `${schema}.${table}`;
}
