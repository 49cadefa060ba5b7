import type { ServiceAddress } from '../client/service-address.js';
import { projectEnvironment } from '../config/environment.js';
import type { CommandContext } from './command-context.js';

/**
 * The service that the command line, or `MILLRACE_URL` with `MILLRACE_TOKEN`, name.
 *
 * @throws TerminalError ENV_INVALID when a file with one of them can't be read
 */
export function configuredService({
  directory,
  service,
}: Pick<CommandContext, 'directory' | 'service'>): ServiceAddress | undefined {
  if (service === false) return undefined;
  const environment = projectEnvironment(directory);
  const url = service ?? environment('MILLRACE_URL');
  return url === undefined || url === '' ? undefined : { url, token: environment('MILLRACE_TOKEN') };
}
