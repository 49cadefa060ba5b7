import { translateHttpError } from './http-errors.js';
import { MillraceError, TerminalError, TransientError, messageOf } from '../core/errors.js';

/** Marks, in an error's details, that Parquet pages could not be decoded; {@link namingDamaged} adds which file's. */
export const DAMAGED_PAGES = 'damaged pages';

/**
 * DuckDB's own failures that mean the same wherever they happen: no room, no memory, damaged file, wrong SQL.
 * A caller that knows more (which file, which transform) catches first; everything unknown stays a QUERY_FAILED.
 */
export function translateEngineError(error: unknown): Error {
  if (error instanceof MillraceError) return error;
  const message = messageOf(error);
  if (/No space left on device|could not write|Disk quota exceeded|ENOSPC/i.test(message)) {
    return new TerminalError(
      'STAGING_FULL',
      `The disk is full: ${firstLine(message).replace(/^IO Error: /, '')}. Free space, then retry the run.`,
      {},
      { cause: error },
    );
  }
  if (/^Out of Memory Error/i.test(message)) {
    return new TerminalError(
      'MEMORY_EXCEEDED',
      `DuckDB ran out of memory: ${firstLine(message)}. Raise engine.memoryLimit, or free room in the spill folder.`,
      {},
      { cause: error },
    );
  }
  if (/^INTERRUPT Error/i.test(message)) {
    return new TransientError('INTERRUPTED', 'The query was interrupted.', {}, { cause: error });
  }
  const refused = translateHttpError(message, error);
  if (refused) return refused;
  const damage = describeDamage(message);
  if (damage !== undefined) {
    return new TerminalError(
      'FILE_FORMAT',
      `its Parquet pages are damaged (${damage}). Replace the file, then start a new run.`,
      { found: DAMAGED_PAGES },
      { cause: error },
    );
  }
  return new TerminalError('QUERY_FAILED', firstLines(message, 6), {}, { cause: error });
}

const DAMAGE =
  /^Invalid (?:Input )?Error: (?:Variable-length int|Out of buffer|don't know what type|Failed to decompress|Failed to read file|Input is invalid|TProtocolException)/;

// The text that is not UTF-8 stays out: it is data.
function describeDamage(message: string): string | undefined {
  if (message.startsWith('Invalid Input Error: Invalid string encoding found in Parquet')) return 'a text in it is not UTF-8';
  if (!DAMAGE.test(message)) return undefined;
  return firstLine(message)
    .replace(/^Invalid (?:Input )?Error: (?:Failed to read file "[^"]*": )?/, '')
    .replace(/[.: ]+$/, '');
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').trim();
}

/** The first lines, and the one that DuckDB points to, with its caret, however many candidates stand before it. */
function firstLines(text: string, count: number): string {
  const lines = text.trim().split('\n');
  const at = lines.findIndex((line) => /^LINE \d+: /.test(line));
  return [...lines.slice(0, count), ...(at >= count ? lines.slice(at, at + 2) : [])].join('\n');
}
