import type { ErrorCode } from '../core/error-codes.js';
import { messageOf, MillraceError, TerminalError, TransientError } from '../core/errors.js';
import { NewerCatalog } from './migrate.js';
import { sqlState } from './postgres.js';

/** Whose catalog it is, for messages. */
export interface CatalogServer {
  readonly name: string;
  /** What must never be shown. */
  readonly secrets: readonly string[];
}

/** What only a person can mend, by the first characters of the SQLSTATE. */
const REFUSALS: readonly (readonly [state: string, code: ErrorCode, remedy: string])[] = [
  ['28', 'CREDENTIALS_REJECTED', "Correct the URL's user and password (MILLRACE_CATALOG_URL, or `catalog.url` in the config)"],
  ['3D000', 'DATABASE_MISSING', 'Create the database, or correct the URL (MILLRACE_CATALOG_URL, or `catalog.url` in the config)'],
  ['42501', 'PERMISSION_DENIED', 'Grant the user CREATE on the database, or make the schema and give it to the user'],
];

/**
 * What a failure of the catalog's database means.
 *
 * Opening it, what nobody but a person can mend is a TerminalError: a worker or a command ends with it at once. Later
 * everything is a TransientError CATALOG_UNAVAILABLE: the work of a step is done, and its facts wait for as long as it takes.
 */
export function translateCatalogError(error: unknown, server: CatalogServer, verb: string, opening: boolean): Error {
  if (error instanceof MillraceError) return error;
  const reason = server.secrets.reduce((text, secret) => text.replaceAll(secret, '***'), messageOf(error) || 'no answer');
  const state = sqlState(error);
  const refusal = REFUSALS.find(([prefix]) => state?.startsWith(prefix));
  const remedy = refusal?.[2] ?? remedyOf(error);
  const message = `The catalog ${server.name} cannot be ${verb}: ${reason.replace(/\.$/, '')}. ${remedy}.`;
  // The driver's error may hold parameters and settings, so that it is not handed on as the cause.
  if (opening && refusal) return new TerminalError(refusal[1], message);
  return new TransientError('CATALOG_UNAVAILABLE', message);
}

/** Whether the same call may succeed in a moment: its connection was an old one that had broken, or it met another transaction. */
export function mayPass(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return /^(40|57P01|57P02|55P03|08)/.test(state);
  return /connection terminated|ECONNRESET|EPIPE|not queryable|after calling end|already been destroyed/i.test(messageOf(error));
}

/** Whether the tables, or their schema, are gone: somebody has dropped them. */
export function isDropped(error: unknown): boolean {
  return ['42P01', '3F000'].includes(sqlState(error) ?? '');
}

function remedyOf(error: unknown): string {
  if (error instanceof NewerCatalog) return 'Use that version, or another schema (`catalog.schema` in the config)';
  if (/certificate|SSL/i.test(messageOf(error))) return "Correct sslmode or sslrootcert in the catalog's URL";
  return 'Check that the server runs and answers; runs wait for it';
}
