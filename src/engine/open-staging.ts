import { TerminalError } from '../core/errors.js';
import { isRemote } from '../core/place.js';
import { openBucketStaging } from './bucket-staging.js';
import { openFolderStaging } from './folder-staging.js';
import type { Staging } from './staging.js';

/** Where staging is, and how a bucket is reached; see `StagingPlace` of a loaded project. */
export interface StagingOptions {
  readonly root: string;
  /** Of a bucket: options as `S3Options`, resolved. */
  readonly s3?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Opens staging; connects nothing yet.
 *
 * @param scratch a folder on this machine in which attempts write what is uploaded then; unused by a folder
 * @throws TerminalError CONFIG_INVALID when the options do not fit
 */
export function openStaging({ root, s3 }: StagingOptions, scratch: string): Staging {
  if (isRemote(root)) return openBucketStaging(root, s3 ?? {}, scratch);
  if (s3 === undefined) return openFolderStaging(root);
  throw new TerminalError('CONFIG_INVALID', `staging.s3 only goes with a root s3://bucket/prefix; staging.root is ${root}.`);
}
