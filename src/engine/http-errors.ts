import type { ErrorCode } from '../core/error-codes.js';
import { TerminalError, TransientError } from '../core/errors.js';

interface Rule {
  readonly code: ErrorCode;
  readonly words: RegExp;
  readonly transient?: boolean;
  readonly say: (url: string, detail: string) => string;
}

/** The first rule that fits decides. */
const RULES: readonly Rule[] = [
  {
    code: 'FILE_CHANGED',
    words: /ETag on reading file|HTTP 412/i,
    say: (url) => `${url} was changed while it was read. Retry the run from its extract step, or extract with copy: true.`,
  },
  {
    code: 'CLOCK_SKEWED',
    words: /RequestTimeTooSkewed|RequestExpired/,
    transient: true,
    say: (url) =>
      `The clock of this machine differs too much from that of the server of ${url}. Set the clock, by NTP for example.`,
  },
  {
    code: 'CREDENTIALS_REJECTED',
    words: /SignatureDoesNotMatch|InvalidAccessKeyId|InvalidToken|ExpiredToken|XAdminUserNotFound/,
    say: (url, detail) =>
      `The server refuses the credentials for ${url}: ${detail}. Correct them in the config or the environment.`,
  },
  {
    code: 'REGION_WRONG',
    words: /AuthorizationHeaderMalformed|PermanentRedirect|HTTP 301/,
    say: (url, detail) => `The bucket of ${url} is of another region: ${detail}. Set s3.region to the bucket's.`,
  },
  {
    code: 'BUCKET_MISSING',
    words: /NoSuchBucket/,
    say: (url) => `There is no bucket of ${url}. Create it, or correct the root in the config.`,
  },
  {
    code: 'FILE_MISSING',
    words: /HTTP 404/,
    say: (url) => `There is no object ${url}, or it was removed meanwhile. Put it back, or retry the run from its extract step.`,
  },
  {
    code: 'FILE_DENIED',
    words: /HTTP 40[13]/,
    say: (url, detail) => `The server refuses to give ${url}: ${detail}. Grant s3:GetObject and s3:ListBucket.`,
  },
  {
    code: 'STORE_BUSY',
    words: /HTTP (?:429|503)|SlowDown/,
    transient: true,
    say: (url, detail) => `The server of ${url} asks for fewer requests: ${detail}. The step is tried again later.`,
  },
  {
    code: 'CONNECTION_REFUSED',
    words: /Could not connect|Could not resolve|Connection refused/i,
    transient: true,
    say: (url, detail) =>
      `The server of ${url} cannot be reached: ${detail}. Check s3.endpoint and the network, and that the server runs.`,
  },
];

/** What DuckDB's httpfs was refused; `undefined` for an error that is of something else. */
export function translateHttpError(message: string, cause: unknown): Error | undefined {
  if (!/^HTTP Error|^IO Error: .*(?:\bHTTP\b|(?:s3|https?):\/\/)|ETag on reading file/.test(message)) return undefined;
  const url = /["'](\w+:\/\/[^"'?]+)/.exec(message)?.[1] ?? 'the object store';
  const detail = detailOf(message);
  const rule = RULES.find(({ words }) => words.test(message));
  if (rule === undefined || rule.transient === true) {
    const text = rule?.say(url, detail) ?? `Reading ${url} failed: ${detail}. Nothing was committed.`;
    return new TransientError(rule?.code ?? 'CONNECTION_LOST', text, {}, { cause });
  }
  return new TerminalError(rule.code, rule.say(url, detail), {}, { cause });
}

/** The server's own words, where it has some, without addresses. */
function detailOf(message: string): string {
  const said = /^(\w+: .+)$/m.exec(message.split('\n').slice(1).join('\n'))?.[1];
  const status = /HTTP \d{3}[^)\n]*/.exec(message)?.[0];
  const first = (message.split('\n')[0] ?? '').replace(/^(?:\w+ )+Error: /, '').replace(/ (?:error )?for HTTP.*$/, '');
  return (said ?? status ?? first).replace(/[.\s]+$/, '').slice(0, 300);
}
