import { MillraceError, TerminalError, TransientError, messageOf } from '../core/errors.js';
import type { ErrorCode } from '../core/error-codes.js';

/** Whose store it is, in people's words, and what in it was asked for. */
export interface StorePlaceNames {
  /** `connection "lake"`, or `staging`. */
  readonly owner: string;
  /** `s3://bucket/key`. */
  readonly url: string;
  /** The server: its URL, or Amazon S3. */
  readonly server: string;
}

interface Rule {
  readonly code: ErrorCode;
  /** The server's own codes, or those of Node for a connection. */
  readonly names: readonly string[];
  readonly statuses?: readonly number[];
  readonly transient?: boolean;
  readonly say: (place: StorePlaceNames, detail: string) => string;
}

/** The first rule that fits decides. */
const RULES: readonly Rule[] = [
  {
    code: 'BUCKET_MISSING',
    names: ['NoSuchBucket', 'InvalidBucketName'],
    say: ({ owner, url, server }) =>
      `There is no bucket "${bucketOf(url)}" at ${server} (${owner}). Create it, or correct the root in the config.`,
  },
  {
    code: 'CREDENTIALS_REJECTED',
    names: [
      'InvalidAccessKeyId',
      'XAdminUserNotFound',
      'SignatureDoesNotMatch',
      'InvalidToken',
      'ExpiredToken',
      'TokenRefreshRequired',
      'InvalidSecurity',
      'CredentialsProviderError',
    ],
    say: ({ owner, server }, detail) =>
      `${server} refuses the credentials of ${owner}: ${detail}. Correct accessKeyId, secretAccessKey and sessionToken, or the credentials of the environment.`,
  },
  {
    code: 'REGION_WRONG',
    names: ['AuthorizationHeaderMalformed', 'PermanentRedirect', 'IllegalLocationConstraintException'],
    statuses: [301],
    say: ({ owner, url }, detail) =>
      `The bucket "${bucketOf(url)}" is of another region than ${owner} says: ${detail}. Set s3.region to the bucket's.`,
  },
  {
    code: 'CLOCK_SKEWED',
    names: ['RequestTimeTooSkewed', 'RequestExpired'],
    transient: true,
    say: ({ owner, server }) =>
      `The clock of this machine differs too much from that of ${server} (${owner}). Set the clock, by NTP for example.`,
  },
  {
    code: 'STORE_BUSY',
    names: [
      'SlowDown',
      'ServiceUnavailable',
      'TooManyRequestsException',
      'ThrottlingException',
      'RequestLimitExceeded',
      'Throttling',
    ],
    statuses: [429, 503],
    transient: true,
    say: ({ owner, server }, detail) => `${server} asks for fewer requests (${owner}): ${detail}. The step is tried again later.`,
  },
  {
    code: 'CAPABILITY_MISSING',
    names: ['NotImplemented', 'MethodNotAllowed'],
    statuses: [405, 501],
    say: ({ owner, server }, detail) =>
      `${server} (${owner}) lacks a part of S3 that Millrace needs: ${detail}. It needs ranges, lists, multipart uploads and conditional writes.`,
  },
  {
    code: 'FILE_MISSING',
    names: ['NoSuchKey', 'NotFound', 'NoSuchVersion'],
    statuses: [404],
    say: ({ owner, url }) => `There is no object ${url} (${owner}). Check the path; it is relative to the root.`,
  },
  {
    code: 'FILE_DENIED',
    names: ['AccessDenied', 'AllAccessDisabled', 'AccountProblem', 'Forbidden'],
    statuses: [401, 403],
    say: ({ owner, url, server }, detail) =>
      `${server} refuses ${owner} the access to ${url}: ${detail}. Grant s3:GetObject and s3:ListBucket, to write s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload, too.`,
  },
  {
    code: 'CONNECTION_REFUSED',
    names: ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UnknownEndpoint'],
    transient: true,
    say: ({ owner, server }, detail) =>
      `${server} of ${owner} cannot be reached: ${detail}. Check s3.endpoint and the network, and that the server runs.`,
  },
  {
    code: 'CONFIG_INVALID',
    names: [
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'EPROTO',
      'ERR_SSL_WRONG_VERSION_NUMBER',
    ],
    say: ({ owner, server }, detail) =>
      `TLS with ${server} (${owner}) fails: ${detail}. Correct s3.endpoint (http or https), or give Node the certificate by NODE_EXTRA_CA_CERTS.`,
  },
];

interface ServerError {
  readonly name?: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
  readonly $retryable?: unknown;
}

/** What a store's server or the way to it refused, with the object and what to do. Millrace's own errors pass through. */
export function translateStoreError(error: unknown, place: StorePlaceNames): Error {
  if (error instanceof MillraceError) return error;
  const { name = '', code = '', $metadata, $response } = error as ServerError;
  const status = $metadata?.httpStatusCode;
  const rule =
    RULES.find(({ names }) => names.includes(name) || names.includes(code)) ??
    RULES.find(({ statuses }) => status !== undefined && statuses?.includes(status));
  const detail = detailOf(error);
  if (rule) {
    const message = rule.say(place, detail);
    if (rule.transient !== true) return new TerminalError(rule.code, message, {}, { cause: error });
    const retryAfterMs = retryAfter($response?.headers);
    return new TransientError(rule.code, message, {}, { cause: error, ...(retryAfterMs !== undefined && { retryAfterMs }) });
  }
  if (/region is missing/i.test(detail)) {
    return new TerminalError(
      'REGION_WRONG',
      `No region is known for ${place.owner}. Set s3.region, or AWS_REGION in the environment.`,
      {},
      { cause: error },
    );
  }
  return new TransientError(
    'CONNECTION_LOST',
    `A request to ${place.server} for ${place.url} (${place.owner}) failed: ${detail}. Nothing was committed.`,
    {},
    { cause: error },
  );
}

/** Whether the server says that a condition of the request does not hold. */
export function isUnmet(error: unknown): boolean {
  const { name, $metadata } = error as ServerError;
  const status = $metadata?.httpStatusCode;
  return name === 'PreconditionFailed' || name === 'ConditionalRequestConflict' || status === 412 || status === 409;
}

/** Whether the server says that there is no such object; of one that has no words, any 404. */
export function isMissing(error: unknown): boolean {
  const { name, $metadata } = error as ServerError;
  return name === 'NoSuchKey' || ($metadata?.httpStatusCode === 404 && (name === 'NotFound' || name === 'Unknown'));
}

function detailOf(error: unknown): string {
  const { name = '', $metadata } = error as ServerError;
  const text = messageOf(error).split('\n')[0]?.trim().replace(/\.$/, '') ?? '';
  const said = text === '' || text === 'UnknownError' ? `HTTP ${$metadata?.httpStatusCode ?? 'error'}` : text;
  return name === '' || name === 'Error' || name === 'Unknown' || name === 'TypeError' ? said : `${said} (${name})`;
}

function retryAfter(headers: Readonly<Record<string, string>> | undefined): number | undefined {
  const value = headers?.['retry-after'];
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}

function bucketOf(url: string): string {
  return url.split('/')[2] ?? url;
}
