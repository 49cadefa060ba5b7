import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The folder for what Millrace fetches once a machine: `$MILLRACE_CACHE_DIR`, else `$XDG_CACHE_HOME/millrace`, else
 * `~/.cache/millrace`. It may not exist yet.
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.MILLRACE_CACHE_DIR) return env.MILLRACE_CACHE_DIR;
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'millrace');
}
