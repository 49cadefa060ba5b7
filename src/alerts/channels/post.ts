import { messageOf, TerminalError, TransientError } from '../../core/errors.js';
import { retryAfterMs } from '../../core/retry-after.js';
import { SEND_TIMEOUT_MS } from './channel.js';

export interface Post {
  readonly channel: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Answers that may be another one later, though their class says otherwise. */
const MAY_PASS = new Set([408, 409, 423, 425, 429]);
/** Of what a receiver says of its refusal, so much is told. */
const MOST_TOLD = 200;

/**
 * Posts JSON, and takes any 2xx as a receipt. It follows no redirection: a signed alert goes where the config says.
 *
 * @throws TerminalError ALERT_REFUSED; TransientError ALERT_UNDELIVERED
 */
export async function post({ channel, url, headers, body }: Post, signal: AbortSignal): Promise<void> {
  const { protocol, host } = parseUrl(channel, url);
  const where = `Channel "${channel}" (${protocol}//${host})`;
  const patience = AbortSignal.timeout(SEND_TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'millrace', ...headers },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, patience]),
    });
  } catch (error) {
    const why = patience.aborted ? `did not answer within ${SEND_TIMEOUT_MS / 1000} s` : `can't be reached: ${causeOf(error)}`;
    throw new TransientError('ALERT_UNDELIVERED', `${where} ${why}.`, { channel }, { cause: error });
  }
  const { status } = response;
  if (response.ok) return response.body?.cancel().catch(() => undefined);
  const told = `${where} answered ${status}${await whatItSays(response)}.`;
  if (status < 500 && !MAY_PASS.has(status)) throw new TerminalError('ALERT_REFUSED', told, { channel, status });
  const patienceMs = retryAfterMs(response.headers.get('retry-after'));
  throw new TransientError(
    'ALERT_UNDELIVERED',
    told,
    { channel, status },
    patienceMs === undefined ? {} : { retryAfterMs: patienceMs },
  );
}

function parseUrl(channel: string, url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed && /^https?:$/.test(parsed.protocol)) return parsed;
  throw new TerminalError('ALERT_REFUSED', `The URL of channel "${channel}" is none: it begins with https:// or http://.`, {
    channel,
  });
}

/** The innermost cause: `fetch` itself only says that it failed. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? causeOf(cause) : messageOf(error) || String((error as { code?: unknown }).code);
}

async function whatItSays(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) return '';
  // One piece is enough, and a body may have no end.
  const piece = await reader.read().catch(() => undefined);
  reader.cancel().catch(() => undefined);
  const text = new TextDecoder().decode(piece?.value).replaceAll(/\s+/g, ' ').trim().slice(0, MOST_TOLD);
  return text === '' ? '' : `: ${text}`;
}
