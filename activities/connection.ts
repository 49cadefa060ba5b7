import type { Connector } from '../src/connectors/contract.js';
import type { Services } from './services.js';
import type { StepCall } from './step-call.js';

/** Opens a connection of the config for one step, and closes it whatever happens. @throws TerminalError CONNECTION_UNKNOWN */
export async function withConnection<T>(
  { connect }: Services,
  name: string,
  call: StepCall,
  work: (connector: Connector) => Promise<T>,
): Promise<T> {
  const connector = await connect(name);
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
export async function takesRowsEarly({ connect }: Services, name: string): Promise<boolean> {
  try {
    const connector = await connect(name);
    await connector.close();
    return connector.destination?.loadGrowing !== undefined;
  } catch {
    return false;
  }
}
