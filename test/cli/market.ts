import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lastingFolder } from '../support/folder.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { temporalAddress } from '../support/temporal.js';
import { millrace, startMillrace, type CommandResult, type RunningCommand } from './millrace.js';

const PROJECT = fileURLToPath(new URL('../fixtures/market', import.meta.url));

/** The fixture project `market` with a worker in a process of its own. */
export interface Market {
  readonly db: TestDatabase;
  /** The folder of the connection `lake`. */
  readonly lake: string;
  /** The project's folder. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  readonly taskQueue: string;
  /** Runs a command on the project. */
  readonly millrace: (...args: string[]) => Promise<CommandResult>;
  readonly start: (...args: string[]) => RunningCommand;
  readonly close: () => Promise<void>;
}

/** @param more variables besides, of a database that is the warehouse's */
export async function openMarket(more: (db: TestDatabase) => Record<string, string> = () => ({})): Promise<Market> {
  const [db, address] = await Promise.all([createTestDatabase(), temporalAddress()]);
  const [lake, state] = [lastingFolder(), lastingFolder()];
  const taskQueue = `cli-${randomBytes(5).toString('hex')}`;
  const env = {
    TEMPORAL_ADDRESS: address,
    MARKET_LAKE: lake,
    MARKET_WAREHOUSE: db.url,
    MARKET_QUEUE: taskQueue,
    MARKET_STAGING: join(state, 'staging'),
    MARKET_SPILL: join(state, 'spill'),
    MARKET_CATALOG: join(state, 'catalog.db'),
    ...more(db),
  };
  const start = (...args: string[]): RunningCommand => startMillrace([...args, '--project', PROJECT], env);
  const worker = start('worker', '--json');
  await worker.until('"ready"');
  return {
    db,
    lake,
    directory: PROJECT,
    env,
    taskQueue,
    start,
    millrace: (...args) => millrace([...args, '--project', PROJECT], env),
    async close() {
      worker.process.kill('SIGTERM');
      await worker.end;
      await db.drop();
    },
  };
}
