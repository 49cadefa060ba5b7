import { TerminalError } from '../../core/errors.js';
import type { CallContext, ExtractOptions } from '../contract.js';
import type { ResolvedPostgres } from './options.js';
import { parseTableName } from './table-name.js';

/** What is read, as SQL and as people name it. */
export interface Reading {
  readonly from: string;
  readonly label: string;
  readonly isTable: boolean;
}

/** One attempt at reading it. */
export interface ReadAttempt {
  readonly settings: ResolvedPostgres;
  readonly context: CallContext;
  readonly reading: Reading;
  readonly options: ExtractOptions;
  /** The folder for files that this attempt writes. */
  readonly directory: string;
  /** By it the server knows the attempt's connections. */
  readonly applicationName: string;
}

/** @throws TerminalError OPTION_INVALID when the options do not name one table or query */
export function readingOf(options: ExtractOptions, settings: ResolvedPostgres): Reading {
  const { connection } = settings;
  if (options.path !== undefined || options.format !== undefined || options.copy !== undefined) {
    throw new TerminalError(
      'OPTION_INVALID',
      `The connection "${connection}" is a database: path, format and copy mean nothing to it. Use table or query.`,
    );
  }
  if ((options.table === undefined) === (options.query === undefined)) {
    throw new TerminalError('OPTION_INVALID', `An extract from connection "${connection}" needs either table or query.`);
  }
  if (options.table !== undefined) {
    const name = parseTableName(options.table, settings.schema);
    return { from: name.sql, label: `table ${name.sql}`, isTable: true };
  }
  const query = (options.query ?? '').trim().replace(/;\s*$/, '');
  return { from: `(${query}\n) AS source`, label: 'the query', isTable: false };
}

/** What the server's values are written and understood by, in the transaction that reads. */
export function readerSettings({ lockTimeoutMs }: ResolvedPostgres): string {
  return `SET LOCAL lock_timeout = ${lockTimeoutMs}; SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'; SET LOCAL IntervalStyle = 'postgres'; SET LOCAL extra_float_digits = 3`;
}
