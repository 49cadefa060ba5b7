import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { connectPostgres } from '../../postgres/connect.js';
import type { CallContext, LoadRequest, TargetDescription } from '../contract.js';
import { attach } from './attached.js';
import { createdType } from './created-type.js';
import { translatePostgresError } from './errors.js';
import { settleColumns } from './fit-target.js';
import { columnsFilledBefore } from './ledger-details.js';
import { ledgerTable } from './ledger.js';
import { createTableStatement, planLoad, requireNamedColumns } from './load-plan.js';
import { restorableTypes } from './load-target.js';
import type { ResolvedPostgres } from './options.js';
import { cancelOnAbort } from './side-connection.js';
import { parseTableName, type TableName } from './table-name.js';
import { inspectTarget } from './target-table.js';

/** What a load would find and do, asked in a transaction that can only read. Throws as the load does. */
export async function describeTarget(
  settings: ResolvedPostgres,
  given: LoadRequest,
  context: CallContext,
): Promise<TargetDescription> {
  requireNamedColumns(given);
  const request = { ...given, columns: given.columns.filter(({ name }) => name !== given.deleteFlag) };
  const name = parseTableName(request.target, settings.schema);
  const { session } = context;
  const applicationName = `millrace plan ${randomBytes(6).toString('hex')}`;
  const stopListening = cancelOnAbort(session, settings.url, applicationName);
  let side: pg.Client | undefined;
  try {
    side = await connectPostgres(settings.url, applicationName);
    const knowsColumns = await hasDetails(side, settings);
    await attach(session, settings.url, { applicationName, isolation: 'READ COMMITTED', readOnly: true });
    return await look({ settings, request, context, name }, knowsColumns);
  } catch (error) {
    if (context.signal.aborted) await session.run('SELECT 1');
    throw translatePostgresError(error, settings, `table ${name.sql}`);
  } finally {
    stopListening();
    await side?.end().catch(() => undefined);
    await session.run('DETACH DATABASE IF EXISTS pg').catch(() => undefined);
  }
}

interface Look {
  readonly settings: ResolvedPostgres;
  readonly request: LoadRequest;
  readonly context: CallContext;
  readonly name: TableName;
}

async function look(at: Look, knowsColumns: boolean): Promise<TargetDescription> {
  const { settings, request, context, name } = at;
  const { session } = context;
  const target = `${name.schema}.${name.table}`;
  const described = { target: `${request.connection}.${target}` };
  const table = await inspectTarget(session, name, request.connection);
  if (table === undefined) {
    const restorable = await restorableTypes(session, request);
    createTableStatement(request, name, restorable);
    const columns = request.columns.map((column) => ({
      name: column.name,
      type: createdType(column, restorable) ?? column.type,
    }));
    return { ...described, exists: false, columns, changes: [] };
  }
  const before = knowsColumns ? await columnsFilledBefore(session, settings.ledgerSchema, target, request.identity) : [];
  const fit = await settleColumns(at, table, before);
  // What is altered first cannot be planned for yet.
  if (fit.alters.length === 0) planLoad(fit.request, name, table);
  return {
    ...described,
    exists: true,
    columns: table.columns.map(({ name: column, type }) => ({ name: column, type })),
    changes: fit.changes,
  };
}

/** Whether the ledger is there, and of a Millrace that noted columns in it. */
async function hasDetails(side: pg.Client, settings: ResolvedPostgres): Promise<boolean> {
  const { rows } = await side.query(
    `SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass($1) AND attname = 'details' AND NOT attisdropped`,
    [ledgerTable(settings.ledgerSchema)],
  );
  return rows.length > 0;
}
