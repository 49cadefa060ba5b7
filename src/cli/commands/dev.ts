import { runDev, type DevOptions } from '../../dev/run-dev.js';
import type { CommandContext } from '../command-context.js';

/** Starts everything a project needs, does its runs, and stays up. */
export function dev(
  { output, directory }: CommandContext,
  options: Pick<DevOptions, 'temporalPort' | 'uiPort' | 'postgresPort' | 'servicePort'> & { readonly once?: boolean },
): Promise<number> {
  return runDev({ ...options, directory, once: options.once === true, json: output.json });
}
