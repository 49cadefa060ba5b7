import { randomBytes } from 'node:crypto';
import { TerminalError } from '../../core/errors.js';
import { needsWholeDataset } from '../../core/load.js';
import type { CallContext, Destination, LoadRequest } from '../contract.js';
import type pg from 'pg';
import { readAdditions } from './additions.js';
import { attach } from './attached.js';
import { describeTarget } from './describe-target.js';
import { translatePostgresError } from './errors.js';
import { loadWhileGrowing, provisional } from './growing-load.js';
import { ensureDetails } from './ledger-details.js';
import { ensureLedger } from './ledger.js';
import { loadInTransaction } from './load-once.js';
import { requireNamedColumns } from './load-plan.js';
import type { Attempt } from './load-target.js';
import { explainNulByte } from './nul-bytes.js';
import type { ResolvedPostgres } from './options.js';
import { connectPostgres } from '../../postgres/connect.js';
import { readLedger } from './read-ledger.js';
import { recentLoads } from './recent-loads.js';
import { cancelOnAbort } from './side-connection.js';
import { parseTableName } from './table-name.js';
import { readWatermark } from './watermark.js';
import { postgresTransforms } from './transform-destination.js';

/**
 * Loads tables. One load is one transaction: lock, ledger row, data, counts, COMMIT; until then nobody sees any of it, and
 * whatever ends the attempt before leaves nothing behind.
 */
export function postgresDestination(settings: ResolvedPostgres): Destination {
  return {
    capabilities: { modes: ['append', 'merge', 'replace', 'scd2'], partitions: true, deletes: true, audits: true },
    ledger: () => readLedger(settings),
    recentLoads: (request) => recentLoads(settings, request),
    ledgerName(target) {
      const { schema, table } = parseTableName(target, settings.schema);
      return `${schema}.${table}`;
    },
    additions: (request, context) => readAdditions(settings, request, context),
    watermark: (request, context) => readWatermark(settings, request, context),
    ...postgresTransforms(settings),
    describe: (request, context) => describeTarget(settings, request, context),
    async load(request, context) {
      requireNamedColumns(request);
      if ((request.mode === 'merge' || request.mode === 'scd2') && (request.key ?? []).length === 0) {
        throw new TerminalError(
          'OPTION_INVALID',
          `The load into "${request.target}" with mode '${request.mode}' needs a key: give the load or the contract one.`,
        );
      }
      const columns = request.columns.filter(({ name }) => name !== request.deleteFlag);
      return attached(settings, { ...request, columns }, context, loadInTransaction);
    },
    async loadGrowing(growing, context) {
      if (needsWholeDataset(growing)) return undefined;
      const request = provisional(growing);
      requireNamedColumns(request);
      return attached(settings, request, context, (attempt) => loadWhileGrowing(attempt, growing));
    },
  };
}

/** Does one load with the database attached, and says in its own words what goes wrong. */
async function attached<T>(
  settings: ResolvedPostgres,
  request: LoadRequest,
  context: CallContext,
  work: (attempt: Attempt) => Promise<T>,
): Promise<T> {
  const name = parseTableName(request.target, settings.schema);
  const applicationName = `millrace load ${randomBytes(6).toString('hex')}`;
  const stopListening = cancelOnAbort(context.session, settings.url, applicationName);
  let side: pg.Client | undefined;
  try {
    side = await connectPostgres(settings.url, applicationName);
    await ensureLedger(side, settings.ledgerSchema);
    await ensureDetails(side, settings.ledgerSchema, settings.connection);
    await attach(context.session, settings.url, { applicationName, isolation: 'READ COMMITTED', readOnly: false });
    return await work({ settings, request, context, name, side });
  } catch (error) {
    // An aborted session says itself why it was aborted; what broke because of it says nothing.
    if (context.signal.aborted) await context.session.run('SELECT 1');
    const object = `table ${name.sql}`;
    throw (await explainNulByte(error, context.session, request, object)) ?? translatePostgresError(error, settings, object);
  } finally {
    stopListening();
    await side?.end().catch(() => undefined);
    await context.session.run('DETACH DATABASE IF EXISTS pg').catch(() => undefined);
  }
}
