import type { LoadResult } from '../../core/load.js';
import type { GrowingLoad, LoadRequest, Session } from '../contract.js';
import { findLoad, recordLoad } from './ledger.js';
import { writeDetails } from './ledger-details.js';
import { beginLoad, beginWrite, prepareTarget, removeEarlier, resultOf } from './load-once.js';
import { chooseRoute } from './load-plan.js';
import type { Attempt } from './load-target.js';
import { lockWatermark } from './watermark.js';
import { copyInto, expectInserted, expectRows, touched } from './write-rows.js';

/** In the ledger's row while the dataset is not known yet; never committed. */
const NOT_KNOWN_YET = { rows: 0, content: '' };

/** The request of a growing load, as far as it is known. */
export function provisional(growing: GrowingLoad): LoadRequest {
  const { mode, target, connection, columns, key, watermark } = growing;
  const { rows, content } = NOT_KNOWN_YET;
  const known = { identity: { ...growing.identity, content }, mode, target, connection, columns, key, rows, select: '' };
  return { ...known, ...(watermark && { watermark }) };
}

/**
 * Loads rows while they are made, in the one transaction of every load. What has to know the dataset first is left to the
 * load of the whole: a merge, one partition, values that only a staging table can convert, a load that the ledger knows. So
 * is everything that goes wrong: it is met and told there, and nothing of this attempt is left.
 */
export async function loadWhileGrowing(attempt: Attempt, growing: GrowingLoad): Promise<LoadResult | undefined> {
  const { session, checkpoint, signal } = attempt.context;
  let refused: { readonly error: unknown } | undefined;
  const whole = (): Promise<LoadRequest> =>
    growing.whole().catch((error: unknown) => {
      refused = { error };
      throw error;
    });
  await session.run('BEGIN');
  try {
    const result = await loadBatches(attempt, growing, whole);
    if (result === undefined) {
      await session.rollback();
      return undefined;
    }
    await session.run('COMMIT');
    await checkpoint('load.committed');
    return result;
  } catch (error) {
    await session.rollback();
    if (refused !== undefined) throw refused.error;
    if (signal.aborted || !(await isAlive(session))) throw error;
    return undefined;
  }
}

/** DuckDB gives up a session whose attached server went away: nothing can be loaded in it any more. */
function isAlive(session: Session): Promise<boolean> {
  return session.run('SELECT 1').then(
    () => true,
    () => false,
  );
}

async function loadBatches(
  attempt: Attempt,
  growing: GrowingLoad,
  whole: () => Promise<LoadRequest>,
): Promise<LoadResult | undefined> {
  const { settings, context, request } = attempt;
  const { session } = context;
  const target = await beginLoad(attempt);
  if (await findLoad(session, settings.ledgerSchema, request.identity.loadId)) return undefined;
  await lockWatermark(attempt, undefined);
  const { fit, created } = await prepareTarget(attempt, target);
  const { write, entry } = await beginWrite(attempt, fit.table, target);
  const route = chooseRoute(write.plans, fit.table);
  if (route === 'staging') return undefined;
  const replaced = created ? 0 : await removeEarlier(write, attempt, { target });
  const before = await touched(session, write.name);
  let copied = 0;
  for await (const select of growing.batches) {
    copied += await copyInto({ ...write, request: { ...request, select } }, write.name, route);
    context.progress(copied);
  }
  await context.checkpoint('load.copied');
  const known = await whole();
  const wholeWrite = { ...write, request: known };
  expectRows(wholeWrite, copied);
  await expectInserted(wholeWrite, before);
  await recordLoad(session, settings.ledgerSchema, target, known);
  await writeDetails(session, settings.ledgerSchema, entry, { columns: request.columns.map(({ name }) => name) });
  await context.checkpoint('load.before-commit');
  return { ...resultOf(attempt, target), rows: known.rows, replaced, alreadyDone: false, created };
}
