import { MillraceError, TerminalError, messageOf } from '../../core/errors.js';
import { quoteIdentifier } from '../../core/filter.js';
import type { LoadRequest, Session } from '../contract.js';

/**
 * Whether a load failed because of a NUL byte in a text: then the error that names the columns, which DuckDB's own does
 * not. The dataset is read once more for it.
 */
export async function explainNulByte(
  error: unknown,
  session: Session,
  request: LoadRequest,
  object: string,
): Promise<TerminalError | undefined> {
  const text = messageOf(error instanceof MillraceError ? (error.cause ?? error) : error);
  if (!/VARCHAR value with a NULL-byte|invalid byte sequence for encoding "UTF8": 0x00/.test(text)) return undefined;
  const names = await columnsWithNul(session, request);
  const columns = names.map(quoteIdentifier).join(', ');
  const example = quoteIdentifier(names[0] ?? 'text');
  return new TerminalError(
    'VALUE_REFUSED',
    `${object} in connection "${request.connection}" cannot hold a NUL byte, and the dataset has one in ${columns || 'a text'}. Let the contract reject such rows, or take it out in a transform: replace(${example}, chr(0), '').`,
  );
}

async function columnsWithNul(session: Session, request: LoadRequest): Promise<string[]> {
  const names = request.columns.filter((column) => column.type === 'VARCHAR').map((column) => column.name);
  if (names.length === 0) return [];
  const tests = names.map((name, index) => `bool_or(contains(${quoteIdentifier(name)}, chr(0))) AS c${index}`);
  const [row] = await session.rows<Record<string, boolean | null>>(
    `SELECT ${tests.join(', ')} FROM (${request.select}) AS dataset`,
  );
  return names.filter((_name, index) => row?.[`c${index}`] === true);
}
