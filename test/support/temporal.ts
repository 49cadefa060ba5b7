import { findTemporal } from '../../src/dev/temporal-binary.js';
import { sharedServer } from './shared-servers.js';

/**
 * The gRPC address of the shared, real Temporal dev server (namespace `default`, Millrace's settings and search
 * attributes). Use a task queue and workflow ids of your own: other test files work on it at the same time.
 */
export function temporalAddress(): Promise<string> {
  return sharedServer('temporal');
}

/** The path of the `temporal` program, for tests that act as a person at a terminal does. */
export async function temporalCli(): Promise<string> {
  await temporalAddress();
  const found = findTemporal();
  if (!found) throw new Error('The temporal program is gone since the server was started.');
  return found.path;
}
