import { z } from 'zod';
import { parseLocation, type Location } from './location.js';

const text = z.string().min(1, 'is empty');

/** {@link S3Options} as resolved. */
export const storeOptions = z
  .strictObject({
    endpoint: z
      .url({ protocol: /^https?$/, error: 'must be a URL that begins with http:// or https://' })
      .refine((url) => isBareServer(url), 'must be a server only: no path, no user, no query')
      .optional(),
    region: text.optional(),
    accessKeyId: text.optional(),
    secretAccessKey: text.optional(),
    sessionToken: text.optional(),
    urlStyle: z.enum(['path', 'vhost']).optional(),
  })
  .refine(
    ({ accessKeyId, secretAccessKey }) => (accessKeyId === undefined) === (secretAccessKey === undefined),
    'accessKeyId and secretAccessKey go together: give both, or neither for the credentials of the environment',
  )
  .refine(
    ({ accessKeyId, sessionToken }) => sessionToken === undefined || accessKeyId !== undefined,
    'sessionToken needs accessKeyId and secretAccessKey',
  );

export type StoreOptions = z.output<typeof storeOptions>;

/** Where an object store's root is, and how it is reached. */
export interface StorePlace {
  readonly location: Location;
  readonly options: StoreOptions;
}

/** A root `s3://bucket/prefix` as a location. */
export const storeRoot = z.string().transform((root, context): Location => {
  try {
    return parseLocation(root);
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof RangeError ? error.message : 'is not an s3:// URL' });
    return z.NEVER;
  }
});

function isBareServer(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { pathname, search, hash, username, password } = new URL(url);
  return pathname === '/' && search === '' && hash === '' && username === '' && password === '';
}
