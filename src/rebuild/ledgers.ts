import { resolveOptions } from '../config/resolve-env.js';
import type { LoadedProject } from '../config/load.js';
import type { LedgerLoad } from '../connectors/contract.js';
import { openConnector } from '../connectors/registry.js';

/** The ledgers of one connection. */
export interface ConnectionLedger {
  readonly connection: string;
  readonly loads: () => AsyncIterable<LedgerLoad>;
}

/** The ledgers of a project's connections, as far as connectors can read them. Nothing is opened until `loads` is called. */
export function ledgersOf({ config, directory }: LoadedProject): ConnectionLedger[] {
  return Object.entries(config.connections).map(([connection, described]) => ({
    connection,
    async *loads() {
      const connector = await openConnector(described.kind, connection, resolveOptions(connection, described, directory));
      try {
        yield* connector.destination?.ledger?.() ?? [];
      } finally {
        await connector.close();
      }
    },
  }));
}
