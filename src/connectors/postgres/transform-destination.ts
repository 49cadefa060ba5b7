import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { connectPostgres } from '../../postgres/connect.js';
import type { Column } from '../../core/dataset.js';
import { TerminalError } from '../../core/errors.js';
import type { CallContext, DescribeRequest, Destination } from '../contract.js';
import { attach } from './attached.js';
import { translatePostgresError } from './errors.js';
import { ensureDetails } from './ledger-details.js';
import { ensureLedger } from './ledger.js';
import type { ResolvedPostgres } from './options.js';
import { cancelOnAbort } from './side-connection.js';
import { parseTableName } from './table-name.js';
import { asDatasetColumn, bindStatement, emptyColumn } from './transform-bind.js';
import { loadOf, transformInTransaction } from './transform-once.js';
import { SqlFault, wrapStatement } from './transform-sql.js';

/** Runs transforms between tables of the database. */
export function postgresTransforms(settings: ResolvedPostgres): Required<Pick<Destination, 'transform' | 'describeTransform'>> {
  return {
    transform(request, context) {
      const name = parseTableName(request.target, settings.schema);
      if (request.mode === 'merge' && (request.key ?? []).length === 0) {
        throw new TerminalError(
          'OPTION_INVALID',
          `A merge into "${request.target}" needs a key: give the transform or its output contract one.`,
        );
      }
      return onTheSide(settings, context, `table ${name.sql}`, async (side, applicationName) => {
        const { session } = context;
        await ensureLedger(side, settings.ledgerSchema);
        await ensureDetails(side, settings.ledgerSchema, settings.connection);
        await attach(session, settings.url, { applicationName, isolation: 'READ COMMITTED', readOnly: false });
        try {
          return await transformInTransaction({ settings, request: loadOf(request), context, name, side }, request);
        } finally {
          await session.run('DETACH DATABASE IF EXISTS pg').catch(() => undefined);
        }
      });
    },
    describeTransform(request, context) {
      return onTheSide(settings, context, `transform "${request.name}"`, (side) => describe(settings, request, side));
    },
  };
}

async function describe(settings: ResolvedPostgres, request: DescribeRequest, side: pg.Client): Promise<Column[]> {
  const selects = Object.entries(request.inputs).map(([input, columns]) => [
    input,
    `SELECT ${columns.map(emptyColumn).join(', ')} WHERE false`,
  ]);
  const wrapped = wrapStatement(request.statement, Object.fromEntries(selects) as Record<string, string>, request.parameters);
  const binding = { side, settings, name: request.name, inputs: Object.keys(request.inputs) };
  return (await bindStatement(binding, wrapped, [])).map(asDatasetColumn);
}

/** Works with one connection beside DuckDB's; both end what they do when the step is aborted. */
async function onTheSide<T>(
  settings: ResolvedPostgres,
  context: CallContext,
  object: string,
  work: (side: pg.Client, applicationName: string) => Promise<T>,
): Promise<T> {
  const applicationName = `millrace transform ${randomBytes(6).toString('hex')}`;
  const stopListening = cancelOnAbort(context.session, settings.url, applicationName);
  let side: pg.Client | undefined;
  try {
    side = await connectPostgres(settings.url, applicationName);
    return await work(side, applicationName);
  } catch (error) {
    // An aborted session says itself why it was aborted; what broke because of it says nothing.
    if (context.signal.aborted) await context.session.run('SELECT 1');
    throw error instanceof SqlFault ? error : translatePostgresError(error, settings, object);
  } finally {
    stopListening();
    await side?.end().catch(() => undefined);
  }
}
