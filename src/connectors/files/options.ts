import path from 'node:path';
import { z } from 'zod';
import { isRemote } from '../../core/place.js';
import { storeOptions, storeRoot } from '../../object-store/options.js';

const folder = z.strictObject({
  /** Absolute. */
  root: z
    .string()
    .min(1)
    .refine((root) => path.isAbsolute(root), 'must be an absolute path here, or s3://bucket/prefix'),
  s3: z.undefined('only goes with a root s3://bucket/prefix').optional(),
});
const bucket = z.strictObject({ root: storeRoot, s3: storeOptions.default({}) });

/** {@link FilesOptions} as resolved, of a folder or of a bucket. */
export function filesOptions({ root }: Readonly<Record<string, unknown>>): typeof folder | typeof bucket {
  return typeof root === 'string' && isRemote(root) ? bucket : folder;
}
