import type { LoadedProject } from '../src/config/load.js';
import { resolveOptions } from '../src/config/resolve-env.js';
import type { Connector } from '../src/connectors/contract.js';
import { openConnector } from '../src/connectors/registry.js';
import { TerminalError } from '../src/core/errors.js';

/** Opens a connection of the project by its name. The caller closes it. @throws TerminalError CONNECTION_UNKNOWN */
export type Connect = (name: string) => Promise<Connector>;

/** Opens the connections that a project's config describes. */
export function connectionsOf({ config, root }: Pick<LoadedProject, 'config' | 'root'>): Connect {
  return async (name) => {
    const connection = Object.hasOwn(config.connections, name) ? config.connections[name] : undefined;
    if (!connection) throw unknownConnection(name, Object.keys(config.connections));
    return openConnector(connection.kind, name, resolveOptions(name, connection, root));
  };
}

export function unknownConnection(name: string, known: readonly string[]): TerminalError {
  return new TerminalError(
    'CONNECTION_UNKNOWN',
    `The config has no connection "${name}". It has: ${known.join(', ') || 'none'}. Correct the name, or add it to \`connections\`.`,
  );
}
