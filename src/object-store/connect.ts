import type * as S3 from '@aws-sdk/client-s3';
import type { StoreOptions } from './options.js';

/** A connected client, with what DuckDB needs to know to connect as it does. */
export interface Connected {
  readonly sdk: typeof S3;
  readonly client: S3.S3Client;
  readonly region: string;
  readonly pathStyle: boolean;
  readonly endpoint: string | undefined;
  credentials(): Promise<{ readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string }>;
}

const CONNECT_MS = 5_000;
/** Longest silence of a server in the middle of an answer. */
const SILENCE_MS = 30_000;

/**
 * Makes a client. Credentials that the options leave out come from AWS' own chain: environment, config files, web identity,
 * container and machine roles.
 */
export async function connectStore(options: StoreOptions): Promise<Connected> {
  const sdk = await import('@aws-sdk/client-s3');
  const { endpoint, accessKeyId, secretAccessKey, sessionToken, urlStyle } = options;
  const pathStyle = urlStyle === undefined ? endpoint !== undefined : urlStyle === 'path';
  const region = options.region ?? (endpoint === undefined ? undefined : 'us-east-1');
  const client = withoutAdvice(
    () =>
      new sdk.S3Client({
        ...(endpoint !== undefined && { endpoint }),
        ...(region !== undefined && { region }),
        ...(accessKeyId !== undefined &&
          secretAccessKey !== undefined && {
            credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
          }),
        forcePathStyle: pathStyle,
        // Checksums that older servers do not know; over TLS nothing is gained by them.
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
        requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: SILENCE_MS },
      }),
  );
  return {
    sdk,
    client,
    region: await client.config.region(),
    pathStyle,
    endpoint,
    credentials: () => client.config.credentials(),
  };
}

/**
 * The library tells whoever uses it which Node its next versions will need. Which version of it is used is not the user's
 * matter, so nothing is told.
 */
function withoutAdvice<T>(work: () => T): T {
  const name = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';
  const before = process.env[name];
  process.env[name] = 'true';
  try {
    return work();
  } finally {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  }
}
