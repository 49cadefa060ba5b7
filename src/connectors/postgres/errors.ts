import { MillraceError, TerminalError, TransientError, messageOf } from '../../core/errors.js';
import type { ErrorCode } from '../../core/error-codes.js';
import { describeServer, secretsOf } from '../../postgres/connection-url.js';
import type { ResolvedPostgres } from './options.js';

interface Rule {
  readonly code: ErrorCode;
  /** SQLSTATEs, or their first two characters for a whole class. */
  readonly states: readonly string[];
  /** The same in the words of libpq and DuckDB, which keep the SQLSTATE to themselves. */
  readonly words: RegExp;
  readonly say: (detail: string, where: Where) => string;
}

interface Where {
  readonly server: string;
  readonly connection: string;
  /** Table or query, as people name it. */
  readonly object: string;
}

const TRANSIENT: ReadonlySet<ErrorCode> = new Set(['CONNECTION_REFUSED', 'CONNECTION_LOST', 'LOCK_TIMEOUT', 'CONFLICT']);

/** The first rule that fits decides, so that the narrow ones come first. */
const RULES: readonly Rule[] = [
  {
    code: 'CREDENTIALS_REJECTED',
    states: ['28'],
    words:
      /password authentication failed|no password supplied|no pg_hba\.conf entry|role "[^"]*" does not exist|SASL|client password must be/i,
    say: (detail, { connection, server }) =>
      `The server ${server} refuses the credentials of connection "${connection}": ${detail}. Correct the connection's user, password or sslmode.`,
  },
  {
    code: 'DATABASE_MISSING',
    states: ['3D000'],
    words: /database "[^"]*" does not exist/i,
    say: (detail, { connection, server }) =>
      `Connection "${connection}" (${server}): ${detail}. Create the database, or correct the connection's url.`,
  },
  {
    code: 'LOCK_TIMEOUT',
    states: ['55P03'],
    words: /lock timeout|could not obtain lock/i,
    say: (_detail, { connection, object }) =>
      `${object} in connection "${connection}" is locked by another session, longer than lockTimeoutMs. Find the session in pg_stat_activity, and end it if it stays.`,
  },
  {
    code: 'CONFLICT',
    states: ['40'],
    words: /deadlock detected|could not serialize access/i,
    say: (detail, { connection, object }) =>
      `The database ended the transaction on ${object} in connection "${connection}": ${detail}. Nothing was committed.`,
  },
  {
    code: 'CONNECTION_LOST',
    states: ['08', '25P03', '57P01', '57P02', '57P05'],
    words:
      /server closed the connection|terminating connection|connection terminated|connection to server was lost|no connection to the server|ECONNRESET|EPIPE|SSL connection has been closed|connection not open|could not (?:send|receive) data|Client has encountered a connection error/i,
    say: (detail, { connection, object, server }) =>
      `The connection to ${server} ("${connection}") broke while ${object} was in use: ${detail}. Nothing was committed.`,
  },
  {
    code: 'CONFIG_INVALID',
    states: ['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_', 'CERT_', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    words: /does not support SSL|certificate/i,
    say: (detail, { connection, server }) =>
      `The sslmode of connection "${connection}" does not fit the server ${server}: ${detail}. Correct sslmode or sslrootcert in the connection's url.`,
  },
  {
    code: 'CONNECTION_REFUSED',
    states: ['57P03', '53300', 'ECONNREFUSED', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT'],
    words:
      /connection refused|unable to connect|could not connect|could not translate host|timeout expired|the database system is|too many clients|remaining connection slots|No such file or directory|error establishing an SSL connection/i,
    say: (detail, { connection, server }) =>
      `The server ${server} of connection "${connection}" cannot be reached: ${detail}. Check host, port and sslmode, and that the server runs.`,
  },
  {
    code: 'PERMISSION_DENIED',
    states: ['42501'],
    words: /permission denied|must be owner of|row-level security/i,
    say: (detail, { connection, object }) =>
      `The user of connection "${connection}" lacks a right on ${object}: ${detail}. Grant it.`,
  },
  {
    code: 'TABLE_MISSING',
    states: ['42P01', '3F000'],
    words: /relation "[^"]*" does not exist|schema "[^"]*" does not exist|Table with name .* does not exist/i,
    say: (detail, { connection, object }) =>
      `${object} in connection "${connection}": ${detail}. Create it, grant access, or correct the name.`,
  },
  {
    code: 'COLUMN_MISSING',
    states: ['42703'],
    words: /column "?[^" ]*"? does not exist|Referenced column/i,
    say: (detail, { connection, object }) => `${object} in connection "${connection}": ${detail}. Correct the name.`,
  },
  {
    code: 'KEY_DUPLICATE',
    states: ['23505'],
    words: /duplicate key value violates unique constraint/i,
    say: (detail, { connection, object }) =>
      `${object} in connection "${connection}" takes a key only once: ${detail}. Make the key unique in the transform, or use mode 'merge' if the row was there before.`,
  },
  {
    code: 'VALUE_REFUSED',
    states: ['23503'],
    words: /violates foreign key constraint/i,
    say: (detail, { connection, object }) =>
      `A foreign key keeps ${object} in connection "${connection}" from being loaded: ${detail}. Load what is referred to first, merge rows that others refer to instead of replacing them, or drop the constraint.`,
  },
  {
    code: 'VALUE_REFUSED',
    states: ['22', '23'],
    words:
      /violates|out of range|invalid input|value too long|invalid byte sequence|unicode|null character|null byte|Conversion Error|Could not convert|cannot be cast|can't be cast|numeric field overflow|cannot affect row a second time/i,
    say: (detail, { connection, object }) =>
      `${object} in connection "${connection}" refuses a value: ${detail}. Let the contract reject such rows, or change the column.`,
  },
  {
    code: 'STAGING_FULL',
    states: ['53100'],
    words: /could not extend file|No space left on device/i,
    say: (detail, { connection }) =>
      `The disk of connection "${connection}" is full: ${detail}. Free space there, then retry the run.`,
  },
];

/**
 * Says what a failure of either driver means, and whether trying again can help. Errors that are Millrace's already pass
 * through, except DuckDB's plain QUERY_FAILED, which is looked at more closely. No password is in the message.
 *
 * @param object what was in use: `table "public"."orders"`
 */
export function translatePostgresError(error: unknown, settings: ResolvedPostgres, object: string): Error {
  if (error instanceof MillraceError && error.code !== 'QUERY_FAILED') return error;
  const cause = error instanceof MillraceError && error.cause !== undefined ? error.cause : error;
  const text = scrub(messageOf(cause), settings);
  const state = (cause as { code?: unknown }).code ?? /SQLSTATE ([0-9A-Z]{5})/.exec(text)?.[1];
  const where = { server: describeServer(settings.url), connection: settings.connection, object };
  const rule = RULES.find((candidate) => matches(candidate, typeof state === 'string' ? state : undefined, text));
  const detail = shorten(text);
  if (rule === undefined) {
    return new TerminalError(
      'QUERY_FAILED',
      `${object} in connection "${settings.connection}": ${detail}. Correct the SQL, or report this message.`,
    );
  }
  const Kind = TRANSIENT.has(rule.code) ? TransientError : TerminalError;
  return new Kind(rule.code, rule.say(detail, where));
}

/** What the server says is wrong, in a line, without anything secret. */
export function serverWords(error: unknown, settings: ResolvedPostgres): string {
  const cause = error instanceof MillraceError && error.cause !== undefined ? error.cause : error;
  return shorten(scrub(messageOf(cause), settings));
}

function matches(rule: Rule, state: string | undefined, text: string): boolean {
  if (state !== undefined && rule.states.some((prefix) => state.startsWith(prefix))) return true;
  // A SQLSTATE says all; other codes, and no code, leave the words.
  return !/^[0-9A-Z]{5}$/.test(state ?? '') && rule.words.test(text);
}

function scrub(text: string, settings: ResolvedPostgres): string {
  return secretsOf(settings.url).reduce((scrubbed, secret) => scrubbed.replaceAll(secret, '***'), text);
}

// DuckDB puts its own prefix, the whole statement and a caret around what the server says; people need the server's words.
// The failing row is left out: it is data, and messages enter histories.
function shorten(text: string): string {
  const server = /(?:ERROR|FATAL):\s+([\s\S]*)/.exec(text)?.[1] ?? text;
  const lines = server
    .replace(/SQLSTATE [0-9A-Z]{5}: /, '')
    .replace(/^(?:[A-Z]\w* )+Error: /, '')
    .split('\n')
    .map((line) => inPlainWords(line.trim()))
    .filter(
      (line) =>
        line !== '' &&
        !/^(LINE \d+:|\^|\*|PL\/pgSQL|SQL statement|CONTEXT:|DETAIL:\s+Failing row|select \* from postgres_query|CALL postgres_execute)/i.test(
          line,
        ),
    );
  return lines.slice(0, 3).join('; ').slice(0, 500).replace(/\.$/, '');
}

function inPlainWords(line: string): string {
  return line
    .replace(/^CONTEXT:\s+COPY .*, column ("?[^":]+"?)(?::.*)?$/, 'column $1')
    .replace(/^DETAIL:\s+(?!\s|Failing row)/, '')
    .replace(
      /^Type \w+ with value (\S+) can't be cast because the value is out of range for the destination type (\w+) when casting from source column (.*)$/,
      (_all, value: string, type: string, column: string) =>
        `column "${column}": ${value} is out of range for ${INTEGER_NAMES[type] ?? type}`,
    );
}

const INTEGER_NAMES: Readonly<Record<string, string>> = { INT16: 'smallint', INT32: 'integer', INT64: 'bigint' };
