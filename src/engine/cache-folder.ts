import { homedir } from 'node:os';
import path from 'node:path';

/**
 * Where Millrace keeps what it fetched once for every project of a user: DuckDB's extensions, tools for development.
 * `MILLRACE_CACHE_DIR`, else `millrace` in `XDG_CACHE_HOME`, else `~/.cache/millrace`. Absolute; it may not exist yet.
 */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment['MILLRACE_CACHE_DIR']) return path.resolve(environment['MILLRACE_CACHE_DIR']);
  if (environment['XDG_CACHE_HOME']) return path.resolve(environment['XDG_CACHE_HOME'], 'millrace');
  return path.join(homedir(), '.cache', 'millrace');
}
