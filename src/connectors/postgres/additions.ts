import { randomBytes } from 'node:crypto';
import { TerminalError, TransientError } from '../../core/errors.js';
import { quoteLiteral } from '../../core/filter.js';
import { overlaps, type AddedRows, type Addition, type AdditionsRequest } from '../../core/quarantine.js';
import { connectPostgres } from '../../postgres/connect.js';
import type { CallContext, LoadRequest, Session } from '../contract.js';
import { select } from './attached.js';
import { translatePostgresError } from './errors.js';
import { ledgerTable } from './ledger.js';
import type { ResolvedPostgres } from './options.js';
import { cancelOnAbort } from './side-connection.js';
import { parseTableName, type TableName } from './table-name.js';

/** Which rejected rows were added to a load since, as the ledger tells. */
export async function readAdditions(
  settings: ResolvedPostgres,
  request: AdditionsRequest,
  { session, signal }: CallContext,
): Promise<AddedRows[]> {
  const applicationName = `millrace additions ${randomBytes(6).toString('hex')}`;
  const stopListening = cancelOnAbort(session, settings.url, applicationName);
  try {
    const side = await connectPostgres(settings.url, applicationName);
    try {
      const table = ledgerTable(settings.ledgerSchema);
      const found = await side.query<{ oid: string | null }>('SELECT to_regclass($1)::oid AS oid', [table]);
      if (!found.rows[0]?.oid) return [];
      const name = parseTableName(request.target, settings.schema);
      const { rows } = await side.query<{ load_id: string; addition: string }>(
        additionsOf(settings.ledgerSchema, `${name.schema}.${name.table}`, request),
      );
      return rows.map(toAdded);
    } finally {
      await side.end().catch(() => undefined);
    }
  } catch (error) {
    if (signal.aborted) await session.run('SELECT 1');
    throw translatePostgresError(error, settings, `the ledger of table ${request.target}`);
  } finally {
    stopListening();
  }
}

function additionsOf(ledgerSchema: string, target: string, { loadId, content }: Pick<Addition, 'loadId' | 'content'>): string {
  const table = ledgerTable(ledgerSchema);
  return `SELECT load_id, (to_jsonb(load) -> 'details' -> 'addsTo')::text AS addition FROM ${table} AS load
    WHERE target = ${quoteLiteral(target)} AND superseded_by IS NULL
      AND to_jsonb(load) -> 'details' -> 'addsTo' ->> 'loadId' = ${quoteLiteral(loadId)}
      AND to_jsonb(load) -> 'details' -> 'addsTo' ->> 'content' = ${quoteLiteral(content)}
    ORDER BY id`;
}

function toAdded(row: { readonly load_id: string; readonly addition: string }): AddedRows {
  return { loadId: row.load_id, rows: (JSON.parse(row.addition) as Addition).rows };
}

interface AddingLoad {
  readonly settings: ResolvedPostgres;
  readonly request: LoadRequest;
  readonly context: { readonly session: Session };
  readonly name: TableName;
}

/** What a load that adds rows has to know of those that came after the one that it adds to. */
export interface AdditionState {
  /** Other loads have written into the target since, so that what it has by a key may be newer. */
  readonly later: boolean;
}

/**
 * Whether rows may be added to their load; asked under the target's lock, which every load into the same rows takes.
 *
 * @throws TerminalError REPLAY_OUTDATED, TransientError CONFLICT when others have added some of the rows meanwhile
 */
export async function checkAddition(load: AddingLoad, target: string): Promise<AdditionState | undefined> {
  const { settings, request, context } = load;
  const { addsTo, identity } = request;
  if (addsTo === undefined) return undefined;
  const { session } = context;
  const [earlier] = await select<EarlierLoad>(session, earlierLoad(load, target, addsTo));
  if (!earlier || earlier.content !== addsTo.content || earlier.superseded) {
    throw gone(request, target, !earlier ? 'The ledger does not know that load' : 'Other rows have taken the place of that load');
  }
  if (earlier.replaced !== null) throw gone(request, target, `The load ${earlier.replaced} has replaced it`);
  if (!earlier.there) throw gone(request, target, 'The table is not there any more');
  const added = (await select<{ load_id: string; addition: string }>(session, additionsOf(settings.ledgerSchema, target, addsTo)))
    .map(toAdded)
    .filter(({ loadId }) => loadId !== identity.loadId);
  const other = added.find(({ rows }) => overlaps(rows, addsTo.rows));
  if (other) {
    throw new TransientError(
      'CONFLICT',
      `Some of the rejected rows that are to be added to ${request.connection}.${target} were added by the load ${other.loadId} meanwhile. Nothing was changed; the step is tried again without them.`,
    );
  }
  return { later: earlier.later };
}

interface EarlierLoad {
  readonly content: string;
  readonly superseded: boolean;
  readonly later: boolean;
  /** Whether the table is. */
  readonly there: boolean;
  /** The id of a load that has replaced this one's rows since. */
  readonly replaced: string | null;
}

function earlierLoad({ settings, request, name }: AddingLoad, target: string, { loadId }: Addition): string {
  const table = ledgerTable(settings.ledgerSchema);
  const partition = request.partition === undefined ? null : JSON.stringify(request.partition);
  const others = `SELECT 1 FROM ${table} AS other WHERE other.target = load.target AND other.committed_at > load.committed_at
    AND other.id <> load.id AND coalesce(to_jsonb(other) -> 'details' -> 'addsTo' ->> 'loadId', '') <> load.load_id`;
  const whole = 'other."partition" IS NULL';
  const same =
    partition !== null
      ? `(${whole} OR other."partition"::jsonb = ${quoteLiteral(partition)}::jsonb)`
      : request.mode === 'replace'
        ? 'TRUE'
        : whole;
  const replacing = others.replace('SELECT 1', 'SELECT other.load_id');
  return `SELECT content, superseded_by IS NOT NULL AS superseded, EXISTS (${others}) AS later, to_regclass(${quoteLiteral(name.sql)}) IS NOT NULL AS there,
      (${replacing} AND other.mode = 'replace' AND to_jsonb(other) -> 'details' -> 'addsTo' IS NULL AND ${same} ORDER BY other.committed_at DESC LIMIT 1) AS replaced
    FROM ${table} AS load WHERE load_id = ${quoteLiteral(loadId)} AND target = ${quoteLiteral(target)}`;
}

function gone({ connection, addsTo }: LoadRequest, target: string, why: string): TerminalError {
  return new TerminalError(
    'REPLAY_OUTDATED',
    `${connection}.${target} no longer holds the load ${addsTo?.loadId ?? ''}, of which the rejected rows would have been part. ${why}. Nothing was loaded. Replay the rejected rows of the run that did that, if it has any.`,
  );
}
