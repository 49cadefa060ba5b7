import type { Readable } from 'node:stream';
import type { CallContext, RemoteParts } from '../contract.js';
import type { FilePlace } from './errors.js';

/** One file found below the root. */
export interface FoundFile {
  /** Where DuckDB finds it: absolute, with symbolic links resolved, or a URL. */
  readonly file: string;
  /** As people name it: relative to the root. */
  readonly origin: string;
  readonly sizeBytes: number;
  /** Changes when the file does: what a reader compares to see that a file in place is still the same. */
  readonly stamp: string;
  /** By the clock of its file system; absent where a file is there as a whole or not at all. */
  readonly modifiedMs?: number;
  /** Its bytes, the first `bytes` of them or all. @throws TerminalError FILE_CHANGED where the system can tell at once */
  read(options?: { readonly bytes?: number; readonly signal?: AbortSignal }): Promise<Readable>;
  /** Whether it is still what was found. */
  isUnchanged(): Promise<boolean>;
}

/** The files below a connection's root: in a folder, or in an object store. */
export interface FileTree {
  /**
   * The files that a path or glob names, sorted by name.
   * @throws TerminalError FILE_MISSING, FILE_OUTSIDE_ROOT, FILE_DENIED
   */
  find(place: FilePlace, signal?: AbortSignal): Promise<FoundFile[]>;
  /**
   * The same file, as DuckDB can read it in this session: where it is, or a copy in the session's scratch folder.
   * @param whole that it will be read from beginning to end, more than once
   */
  readable(found: FoundFile, context: CallContext, whole?: boolean): Promise<FoundFile>;
  /** How parts in place are read later; absent for a folder. */
  readonly remote?: RemoteParts;
}
