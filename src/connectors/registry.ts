import { TerminalError } from '../core/errors.js';
import type { Connector, OpenConnector } from './contract.js';

/** Every connector, one line each. A driver is loaded when the first connection of its kind opens. */
const CONNECTORS: Readonly<Record<string, () => Promise<OpenConnector>>> = {
  files: async () => (await import('./files/connector.js')).openFiles,
  postgres: async () => (await import('./postgres/connector.js')).openPostgres,
};

/**
 * Opens a connection for one activity. The caller closes it.
 *
 * @param name the connection's name in the config, for messages
 * @param options with every reference to the environment resolved
 * @throws TerminalError CONFIG_INVALID when there is no connector of that kind, or the options do not fit it
 */
export async function openConnector(kind: string, name: string, options: Readonly<Record<string, unknown>>): Promise<Connector> {
  const load = Object.hasOwn(CONNECTORS, kind) ? CONNECTORS[kind] : undefined;
  if (load === undefined) {
    throw new TerminalError(
      'CONFIG_INVALID',
      `The connection "${name}" is of the unknown kind "${kind}". Use one of: ${Object.keys(CONNECTORS).join(', ')}.`,
    );
  }
  const open = loaded.get(kind) ?? (await load());
  loaded.set(kind, open);
  return open(name, options);
}

/** Asking for a module again costs a turn of the loader each time, which in development is another thread. */
const loaded = new Map<string, OpenConnector>();
