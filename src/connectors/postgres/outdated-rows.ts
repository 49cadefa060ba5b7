import { TerminalError } from '../../core/errors.js';
import { quoteIdentifier } from '../../core/filter.js';
import { executeCounted } from './attached.js';
import { keyPlans } from './key-plans.js';
import type { TableName } from './table-name.js';
import type { Write } from './write-rows.js';

/**
 * For a merge that is made again after later ranges were loaded: takes the rows out of the staging table of which the
 * target has a later version by now, by the cursor. Gives their number.
 *
 * @throws TerminalError WATERMARK_MOVED when the rows do not have the cursor, so that nothing tells which those are
 */
export async function leaveOutOutdated({ session, request, name, plans }: Write, staging: TableName): Promise<number> {
  const cursor = request.watermark?.column ?? '';
  const plan = plans.find((each) => each.name === cursor);
  if (plan === undefined) {
    throw new TerminalError(
      'WATERMARK_MOVED',
      `This load into ${name.sql} in connection "${request.connection}" was made before, later ones have been made since, and its rows have no column "${cursor}" that would tell which of them are still the latest. Nothing was loaded. Start a new run.`,
    );
  }
  const keys = keyPlans({ request, plans });
  const same = keys.map((key) => `target.${quoteIdentifier(key.name)} = staged.${quoteIdentifier(key.name)}`);
  const restored = [...new Set([...keys, plan])].map((each) => `${each.restore} AS ${quoteIdentifier(each.name)}`);
  const column = quoteIdentifier(cursor);
  // Texts are compared as the source compares them.
  const collation = request.watermark?.type === 'VARCHAR' ? ' COLLATE "C"' : '';
  return executeCounted(
    session,
    `DELETE FROM ${staging.sql} WHERE ctid IN (
       SELECT staged.place FROM (SELECT ctid AS place, ${restored.join(', ')} FROM ${staging.sql}) AS staged
       JOIN ${name.sql} AS target ON ${same.join(' AND ')}
       WHERE target.${column} IS NOT NULL AND (staged.${column} IS NULL OR target.${column}${collation} > staged.${column}))`,
  );
}

/**
 * For rows that come late: takes those out of the staging table whose key the target has. Gives their number. Deletions are
 * among them: they might delete what was written since.
 */
export async function leaveOutPresent({ session, request, name, plans }: Write, staging: TableName): Promise<number> {
  const keys = keyPlans({ request, plans });
  const same = keys.map((key) => `target.${quoteIdentifier(key.name)} = staged.${quoteIdentifier(key.name)}`);
  const restored = keys.map((each) => `${each.restore} AS ${quoteIdentifier(each.name)}`);
  return executeCounted(
    session,
    `DELETE FROM ${staging.sql} WHERE ctid IN (
       SELECT staged.place FROM (SELECT ctid AS place, ${restored.join(', ')} FROM ${staging.sql}) AS staged
       JOIN ${name.sql} AS target ON ${same.join(' AND ')})`,
  );
}
