import type { ErrorCode } from '../core/error-codes.js';
import { messageOf, TransientError } from '../core/errors.js';
import { answerError } from './answer-error.js';
import { pause, retryDelayMs } from './retry-delay.js';
import type { ServiceAddress } from './service-address.js';

/** How a service is asked. */
export interface Service extends ServiceAddress {
  /** For one answer. @default 30_000 */
  readonly timeoutMs?: number;
  /** How often a request that may be repeated is, at most. @default 5, which is some 8 s */
  readonly retries?: number;
}

export interface SendOptions {
  /** Whether doing it twice is the same as doing it once. */
  readonly repeatable: boolean;
  /** Ends the waiting. What was asked may still be done. */
  readonly signal?: AbortSignal | undefined;
}

const TIMEOUT_MS = 30_000;
export const RETRIES = 5;
/** Failures of a connection that was never made: nothing can have been done. */
const NEVER_SENT = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/;
/** Too many requests: this one was refused before anything was done. */
const TOO_MANY = 429;
/** What passes: of the service, or of a proxy before it. */
const PASSING: readonly number[] = [502, 503, 504];
/** What only passes when somebody starts a worker: to say so at once helps more than to try again. */
const NEEDS_SOMEBODY: ReadonlySet<ErrorCode> = new Set(['RUN_NO_WORKER', 'RUN_VERSION_GONE', 'BACKFILL_NO_WORKER']);

/**
 * Sends a request until it is answered well, again and again where that can do no harm: one that is repeatable, that never
 * reached the service, or that was refused for want of time.
 *
 * @throws TransientError SERVICE_UNREACHABLE; otherwise what the service answers, under its own code
 * @throws the reason of `signal`, when it is aborted
 */
export async function send(service: Service, url: string, request: RequestInit, options: SendOptions): Promise<unknown> {
  const { retries = RETRIES } = service;
  for (let attempt = 0; ; attempt += 1) {
    const outcome = await sendOnce(service, url, request, options);
    if ('body' in outcome) return outcome.body;
    const { error, harmless } = outcome;
    const delayMs = retryDelayMs(attempt, error instanceof TransientError ? error.retryAfterMs : undefined);
    if (attempt >= retries || !harmless || delayMs === undefined) throw error;
    await pause(delayMs, options.signal);
  }
}

type Outcome = { readonly body: unknown } | { readonly error: Error; readonly harmless: boolean };

async function sendOnce(service: Service, url: string, request: RequestInit, options: SendOptions): Promise<Outcome> {
  const { timeoutMs = TIMEOUT_MS } = service;
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  try {
    const response = await fetch(url, { ...request, redirect: 'manual', signal });
    const text = await response.text();
    const body = jsonOf(text);
    if (response.ok && typeof body === 'object') return { body };
    const error = answerError(service, response, body);
    const passes = PASSING.includes(response.status) && !NEEDS_SOMEBODY.has(error.code) && options.repeatable;
    return { error, harmless: passes || response.status === TOO_MANY };
  } catch (error) {
    options.signal?.throwIfAborted();
    if (timeout.aborted) return { error: silent(service, timeoutMs, options), harmless: options.repeatable };
    const { code, message } = reasonOf(error);
    const harmless = options.repeatable || NEVER_SENT.test(code);
    return { error: unreachable(service, message, error), harmless };
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Why a request could not be sent; `fetch` itself only says that it failed. */
export function reasonOf(error: unknown): { readonly code: string; readonly message: string } {
  const cause: unknown = (error as Error).cause ?? error;
  const { code = '' } = cause as { readonly code?: string };
  return { code, message: messageOf(cause) || code };
}

/** What to say when nobody answers. */
export function unreachable({ url }: ServiceAddress, reason: string, cause: unknown): TransientError {
  const message = `No Millrace service answers at ${url}: ${reason}. Start it with \`millrace serve\`, or correct the address.`;
  return new TransientError('SERVICE_UNREACHABLE', message, {}, { cause });
}

function silent({ url }: ServiceAddress, timeoutMs: number, { repeatable }: SendOptions): TransientError {
  const perhaps = repeatable ? '' : ' What was asked may have been done all the same: look before you ask again.';
  return new TransientError(
    'SERVICE_UNREACHABLE',
    `The Millrace service at ${url} did not answer within ${timeoutMs} ms.${perhaps}`,
  );
}
