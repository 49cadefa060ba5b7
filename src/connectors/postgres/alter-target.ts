import { messageOf, MillraceError, TerminalError, TransientError } from '../../core/errors.js';
import { quoteLiteral } from '../../core/filter.js';
import type { Session } from '../contract.js';
import { execute } from './attached.js';
import type { TableName } from './table-name.js';

/** Something that stands on the column: a view, a policy, a generated column, a partition's key, a parent table. */
const DEPENDED_ON = /SQLSTATE (0A000|42P16|2BP01)/;
/** Two loads that add the same column at once. */
const ALREADY_DONE = /SQLSTATE 42701/;
const NOT_OWNER = /SQLSTATE 42501/;

/**
 * Alters the target, or what stands for it, in the load's transaction, so that a load that fails leaves it as it was. The lock that this takes, which
 * readers wait for, is held until the end of the transaction: it comes after the rows are staged.
 *
 * @param target in messages
 * @throws TerminalError TARGET_UNSUITABLE, PERMISSION_DENIED; TransientError CONFLICT
 */
export async function alterTarget(
  session: Session,
  name: TableName,
  alters: readonly string[],
  connection: string,
  target: TableName = name,
): Promise<void> {
  if (alters.length === 0) return;
  const statement = `ALTER TABLE ${name.sql} ${alters.join(', ')}`;
  try {
    await execute(
      session,
      `DO $millrace_do$
DECLARE millrace_detail_ text;
BEGIN
  EXECUTE ${quoteLiteral(statement)};
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS millrace_detail_ = PG_EXCEPTION_DETAIL;
  RAISE EXCEPTION USING ERRCODE = SQLSTATE,
    MESSAGE = 'SQLSTATE ' || SQLSTATE || ': ' || SQLERRM || coalesce(' (' || nullif(millrace_detail_, '') || ')', '');
END $millrace_do$`,
    );
  } catch (error) {
    const text = messageOf(error instanceof MillraceError ? (error.cause ?? error) : error);
    const said = /SQLSTATE \w{5}: (.*)/.exec(text)?.[1] ?? text;
    if (DEPENDED_ON.test(text)) {
      throw new TerminalError(
        'TARGET_UNSUITABLE',
        `The load has to change the table ${target.sql} in connection "${connection}", and what depends on it does not let it: ${said}. Drop what depends on the column, run: ${statement}; make it again, and run the load again. Nothing was changed.`,
      );
    }
    if (NOT_OWNER.test(text)) {
      throw new TerminalError(
        'PERMISSION_DENIED',
        `The load has to change the table ${target.sql} in connection "${connection}", which its user may not: ${said}. Run as the table's owner: ${statement};`,
      );
    }
    if (ALREADY_DONE.test(text)) {
      throw new TransientError(
        'CONFLICT',
        `Another load has changed the columns of the table ${target.sql} in connection "${connection}" meanwhile: ${said}. Nothing was changed; the step is tried again.`,
      );
    }
    throw error;
  }
}
