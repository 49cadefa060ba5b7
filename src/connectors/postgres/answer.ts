import type pg from 'pg';
import { TerminalError } from '../../core/errors.js';
import { connectPostgres } from '../../postgres/connect.js';
import { translatePostgresError } from './errors.js';
import type { ResolvedPostgres } from './options.js';

/** A condition is asked often: one that takes longer is none to ask in this way. */
const LIMIT_MS = 60_000;
const LONGEST_ANSWER = 500;
const BOOL = 16;
const NUMBERS = new Set([20, 21, 23, 26, 700, 701, 790, 1700]);

/** The first column of a SELECT's first row, as text; null for what says no. It may write nothing. */
export async function answerOf(settings: ResolvedPostgres, query: string): Promise<string | null> {
  let side: pg.Client | undefined;
  try {
    side = await connectPostgres(settings.url, 'millrace trigger');
    await side.query(`SET default_transaction_read_only = on; SET statement_timeout = ${LIMIT_MS}; SET TimeZone = 'UTC'`);
    const { rows, fields } = await side.query<(string | null)[]>({
      text: `SELECT * FROM (${query.trim().replace(/;$/, '')}\n) AS answer LIMIT 1`,
      rowMode: 'array',
      // As the server writes it: a date is no moment of some time zone.
      types: { getTypeParser: () => (text: string) => text },
    });
    return saying(rows[0]?.[0] ?? null, fields[0]?.dataTypeID ?? 0, settings.connection);
  } catch (error) {
    throw translatePostgresError(error, settings, 'the query of a trigger');
  } finally {
    await side?.end().catch(() => undefined);
  }
}

function saying(text: string | null, type: number, connection: string): string | null {
  if (text === null || text.trim() === '') return null;
  if (type === BOOL) return text === 't' ? 'true' : null;
  if (NUMBERS.has(type) && Number(text) === 0) return null;
  if (text.length <= LONGEST_ANSWER) return text;
  throw new TerminalError(
    'OPTION_INVALID',
    `The query of a trigger answered on connection "${connection}" with ${text.length} characters, and at most ${LONGEST_ANSWER} are taken. Let it give a condition, a number or a name.`,
  );
}
