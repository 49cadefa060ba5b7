import { createRequire } from 'node:module';

/** The version of Millrace that runs, as `0.1.0`. */
export function millraceVersion(): string {
  return (createRequire(import.meta.url)('millrace/package.json') as { readonly version: string }).version;
}
