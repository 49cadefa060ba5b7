import { createHash } from 'node:crypto';
import { TerminalError } from '../../core/errors.js';
import { quoteIdentifier, quoteLiteral } from '../../core/filter.js';
import type { TableVersion } from '../../core/table.js';
import type { Session, TransformRequest, TransformTable } from '../contract.js';
import { select } from './attached.js';
import { translatePostgresError } from './errors.js';
import { ledgerTable } from './ledger.js';
import { LOAD_COLUMN } from './load-plan.js';
import type { ResolvedPostgres } from './options.js';
import { describeSelect, type SourceColumn } from './source-columns.js';
import { parseTableName, type TableName } from './table-name.js';
import { asDatasetColumn, emptyColumn, type Binding } from './transform-bind.js';

/** An input as the ledger knows it. */
interface InputState {
  readonly version: TableVersion;
  /** Changes with every load into the table. */
  readonly state: string;
}

/** What the ledger knows of each input, but for what this very load has left there. */
export async function readStates(
  session: Session,
  settings: ResolvedPostgres,
  request: TransformRequest,
): Promise<Readonly<Record<string, InputState>>> {
  const states: Record<string, InputState> = {};
  for (const [input, { table }] of Object.entries(request.inputs)) {
    const name = parseTableName(table, settings.schema);
    states[input] = await readState(session, settings, request, `${name.schema}.${name.table}`);
  }
  return states;
}

// A load adds a row, renews one, or sets others aside: the sum over those that stand sees each of it, in whatever order they commit.
async function readState(
  session: Session,
  { ledgerSchema }: ResolvedPostgres,
  { identity, connection }: TransformRequest,
  target: string,
): Promise<InputState> {
  const loads = `${ledgerTable(ledgerSchema)} WHERE target = ${quoteLiteral(target)} AND superseded_by IS NULL AND load_id <> ${quoteLiteral(identity.loadId)}`;
  const [sum] = await select<{ state: string }>(
    session,
    `SELECT count(*)::text || ' ' || coalesce(sum(hashtextextended(load_id || ' ' || content || ' ' || extract(epoch FROM committed_at)::text, 0)::numeric), 0)::text AS state FROM ${loads}`,
  );
  const [newest] = await select<{ load_id: string; content: string }>(
    session,
    `SELECT load_id, content FROM ${loads} ORDER BY committed_at DESC, id DESC LIMIT 1`,
  );
  const version = {
    target: `${connection}.${target}`,
    loadId: newest?.load_id ?? null,
    content: newest?.content ?? '',
  };
  return { version, state: sum?.state ?? '' };
}

/**
 * The content of a transform's load. There are no files to hash: what decides the rows stands for them, the SQL and its
 * parameters (`facts`) and which loads the inputs hold.
 */
export function contentOf({ facts, inputs }: TransformRequest, states: Readonly<Record<string, InputState>>): string {
  const tables = Object.keys(inputs)
    .toSorted()
    .map((input) => [input, states[input]?.version.target, states[input]?.state]);
  return createHash('sha256')
    .update(JSON.stringify([facts, tables]))
    .digest('hex');
}

/** An input as SQL. */
export interface InputSelect {
  readonly select: string;
  readonly oid: string;
}

/**
 * The SELECT behind each input: the columns that its contract speaks of.
 * @throws TerminalError TABLE_MISSING, PERMISSION_DENIED, TRANSFORM_INPUTS
 */
export async function selectInputs(
  binding: Binding,
  inputs: TransformRequest['inputs'],
): Promise<Readonly<Record<string, InputSelect>>> {
  const selects: Record<string, InputSelect> = {};
  for (const [input, table] of Object.entries(inputs)) selects[input] = await selectInput(binding, input, table);
  return selects;
}

async function selectInput(
  { side, settings, name }: Binding,
  input: string,
  { table, settle }: TransformTable,
): Promise<InputSelect> {
  const found = parseTableName(table, settings.schema);
  const [columns, oid] = await describeTable(side, found, settings).catch((error: unknown) => {
    throw translatePostgresError(error, settings, `table ${found.sql}, the input "${input}" of transform "${name}",`);
  });
  const there = columns.filter((column) => column.name !== LOAD_COLUMN);
  const names = new Set(there.map((column) => column.name));
  const seen = settle(there.map(asDatasetColumn)).map((column) =>
    names.has(column.name) ? quoteIdentifier(column.name) : emptyColumn(column),
  );
  return { select: `SELECT ${seen.join(', ')} FROM ${found.sql}`, oid };
}

async function describeTable(
  side: Binding['side'],
  table: TableName,
  { connection }: ResolvedPostgres,
): Promise<[readonly SourceColumn[], string]> {
  const { rows } = await side.query<{ oid: string | null }>('SELECT to_regclass($1)::oid::text AS oid', [table.sql]);
  const columns = await describeSelect(side, `SELECT * FROM ${table.sql}`);
  const oid = rows[0]?.oid;
  if (typeof oid === 'string') return [columns, oid];
  throw new TerminalError(
    'TABLE_MISSING',
    `The table ${table.sql} in connection "${connection}" is gone. Create it, or correct the name.`,
  );
}
