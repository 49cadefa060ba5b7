import { resolveOptions } from '../src/config/resolve-env.js';
import type { Connector } from '../src/connectors/contract.js';
import { openConnector } from '../src/connectors/registry.js';
import { TerminalError } from '../src/core/errors.js';
import type { Services } from './services.js';
import type { StepCall } from './step-call.js';

/** Opens a connection of the config for one step, and closes it whatever happens. @throws TerminalError CONNECTION_UNKNOWN */
export async function withConnection<T>(
  services: Services,
  name: string,
  call: StepCall,
  work: (connector: Connector) => Promise<T>,
): Promise<T> {
  const { config, root } = services.project;
  const connection = config.connections[name];
  if (!connection) {
    const known = Object.keys(config.connections).join(', ') || 'none';
    throw new TerminalError(
      'CONNECTION_UNKNOWN',
      `The config has no connection "${name}". It has: ${known}. Correct the name, or add it to \`connections\`.`,
    );
  }
  const connector = await openConnector(connection.kind, name, resolveOptions(name, connection, root));
  call.secrets.push(...connector.secrets);
  try {
    return await work(connector);
  } finally {
    await connector.close();
  }
}

/**
 * Whether a connection takes rows while others are still made. One that cannot be opened does not; why, the step says that
 * uses it.
 */
export async function takesRowsEarly({ project }: Services, name: string): Promise<boolean> {
  const connection = project.config.connections[name];
  if (!connection) return false;
  try {
    const connector = await openConnector(connection.kind, name, resolveOptions(name, connection, project.root));
    await connector.close();
    return connector.destination?.loadGrowing !== undefined;
  } catch {
    return false;
  }
}
