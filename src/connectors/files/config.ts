import type { Configurable } from '../../config/env.js';

/** Options of {@link files}. */
export interface FilesOptions {
  /** The folder below which every path lies; relative to the config. */
  readonly root: Configurable;
}

/** A folder of CSV and JSON (gzip too) and Parquet files. */
export function files(options: FilesOptions): {
  readonly kind: 'files';
  readonly options: Readonly<Record<string, unknown>>;
  readonly folders: readonly string[];
} {
  return { kind: 'files', options: { ...options }, folders: ['root'] };
}
