import type { Command } from 'commander';
import { TerminalError } from '../../core/errors.js';
import { TEMPORAL_OPTIONS } from './temporal-options.js';

export const SERVICE_OPTION = '--service';

/** Lets a command be told which client service to ask. */
export function addServiceOption(command: Command): Command {
  return command.option(`${SERVICE_OPTION} <url>`, 'the client service to ask (default: MILLRACE_URL, or none)');
}

/**
 * What the command line says of the service: its address; `false` where it names a Temporal server, which then is asked
 * without a service; or nothing.
 *
 * @throws TerminalError COMMAND_INVALID when it names both
 */
export function chosenService(options: Readonly<Record<string, unknown>>): string | false | undefined {
  const temporal = TEMPORAL_OPTIONS.find((name) => options[name.slice(2)] !== undefined);
  const service = typeof options['service'] === 'string' ? options['service'] : undefined;
  if (service === undefined || temporal === undefined) return service ?? (temporal !== undefined ? false : undefined);
  throw new TerminalError(
    'COMMAND_INVALID',
    `${SERVICE_OPTION} and ${temporal} exclude each other: a service has its own Temporal server.`,
  );
}
