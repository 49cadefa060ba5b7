import { ERROR_CODES, type ErrorCode } from './error-codes.js';

/** Facts about an error that a program may want; never a secret, never a row. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null>>;

/**
 * Any failure Millrace understands. The message stands alone: what failed, where, why, and what to do, since the
 * `temporal` CLI prints nothing else.
 */
export abstract class MillraceError extends Error {
  abstract readonly retryable: boolean;

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: ErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }

  /** What the code table says to do about it. */
  get remedy(): string {
    return ERROR_CODES[this.code].remedy;
  }
}

/** Trying again cannot help: bad credentials, a missing table, a contract breach. */
export class TerminalError extends MillraceError {
  readonly retryable = false;
}

/** Trying again may help. `retryAfterMs` is the other side's own word on when. */
export class TransientError extends MillraceError {
  readonly retryable = true;

  constructor(
    code: ErrorCode,
    message: string,
    details: ErrorDetails = {},
    options?: ErrorOptions & { readonly retryAfterMs?: number },
  ) {
    super(code, message, details, options);
    this.retryAfterMs = options?.retryAfterMs;
  }

  readonly retryAfterMs: number | undefined;
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * The message people see: the text, then the code, on one line.
 *
 * @example `Table "public.orders" does not exist in connection "shop". Check the name, … [TABLE_MISSING]`
 */
export function messageWithCode(error: MillraceError): string {
  return `${error.message} [${error.code}]`;
}
