import path from 'node:path';
import { z } from 'zod';

/** {@link FilesOptions} as resolved. */
export const filesOptions = z.strictObject({
  /** Absolute. */
  root: z
    .string()
    .min(1)
    .refine((root) => path.isAbsolute(root), 'must be an absolute path here'),
});
