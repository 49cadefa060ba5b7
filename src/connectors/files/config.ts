import type { Configurable } from '../../config/env.js';
import type { S3Options } from '../../config/s3.js';

/** Options of {@link files}. */
export interface FilesOptions {
  /** The folder below which every path lies, relative to the config; or `s3://bucket/prefix`. */
  readonly root: Configurable;
  /** With a root on `s3://`: the server and the keys. @default Amazon S3, with the credentials of the environment */
  readonly s3?: S3Options;
}

/** A folder, or a bucket, of CSV and JSON (gzip too) and Parquet files. */
export function files(options: FilesOptions): {
  readonly kind: 'files';
  readonly options: Readonly<Record<string, unknown>>;
  readonly folders: readonly string[];
} {
  return { kind: 'files', options: { ...options }, folders: ['root'] };
}
