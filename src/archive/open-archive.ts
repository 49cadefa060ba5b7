import { isRemote } from '../core/place.js';
import { TerminalError } from '../core/errors.js';
import { bucketFiles } from './bucket-files.js';
import type { ArchiveFiles } from './files.js';
import { folderFiles } from './folder-files.js';

/** Where an archive is: a folder (absolute), or a bucket with how it is reached. */
export interface ArchivePlace {
  readonly root: string;
  readonly s3?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Opens an archive; connects nothing yet.
 *
 * @param scratch a folder on this machine for what is uploaded then
 * @throws TerminalError CONFIG_INVALID when the options do not fit
 */
export function openArchive({ root, s3 }: ArchivePlace, scratch: string): ArchiveFiles {
  if (isRemote(root)) return bucketFiles(root, s3 ?? {}, scratch);
  if (s3 === undefined) return folderFiles(root);
  throw new TerminalError('CONFIG_INVALID', `archive.s3 only goes with a root s3://bucket/prefix; archive.root is ${root}.`);
}
