import { z } from 'zod';
import { parseConnectionUrl } from '../../postgres/connection-url.js';

/** {@link PostgresOptions} as resolved: nothing optional, the URL taken apart. */
export const postgresOptions = z.strictObject({
  url: z.string().transform((url, context) => {
    try {
      return parseConnectionUrl(url);
    } catch (error) {
      // The text of the URL stays out of the message: it holds the password.
      context.addIssue({ code: 'custom', message: error instanceof RangeError ? error.message : 'is not a postgres:// URL' });
      return z.NEVER;
    }
  }),
  schema: z.string().min(1).default('public'),
  ledgerSchema: z.string().min(1).default('_millrace'),
  lockTimeoutMs: z.int().positive().default(30_000),
});

export type ResolvedPostgres = z.output<typeof postgresOptions> & { readonly connection: string };
