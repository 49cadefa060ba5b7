import type { Readable } from 'node:stream';

export interface ArchiveFile {
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly changedMs: number;
  readonly bytes: number;
}

/** The files of an archive, whether in a folder or in a bucket. Keys are paths below its root. */
export interface ArchiveFiles {
  /** A folder (absolute), or `s3://bucket/prefix`. */
  readonly root: string;
  /** Strings that no message may hold. */
  readonly secrets: readonly string[];
  /**
   * Writes a file, in the place of the one that is there. It appears wholly, with the last byte, or not at all.
   * @returns its bytes
   */
  write(key: string, content: Readable): Promise<number>;
  /** `undefined` where there is none. */
  read(key: string): Promise<Readable | undefined>;
  /** @returns whether it was there */
  remove(key: string): Promise<boolean>;
  /** Every file, in no particular order. */
  list(): AsyncIterable<ArchiveFile>;
  close(): Promise<void>;
}
