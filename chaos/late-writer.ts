import { isAnswer, type Database } from './database.js';
import type { Random } from './random.js';
import { amountOf, LATE_IDS, type Sources } from './sources.js';

/** Someone whose transactions take a while: when they commit, others have committed larger times already. */
export interface LateWriter {
  stop(): Promise<void>;
}

/** Starts writing rows of the stock that come late: less so than the lag of the pipelines that read by their time. */
export function startLateWriter(database: Database, { stock }: Sources, random: Random): LateWriter {
  const stopping = new AbortController();
  let next = LATE_IDS;
  const write = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const [from, to] = [next, (next += random.between(1, 20)) - 1];
      const rows = `SELECT id, 1, 'north', '2024-01-01'::date, ${amountOf('id', '0')}, 'late', clock_timestamp() FROM generate_series(${from}, ${to}) AS rows(id)`;
      try {
        // The server itself waits, so that a busy machine makes nothing later still.
        await database.query(`BEGIN; INSERT INTO ${stock} ${rows}; SELECT pg_sleep(${random.between(50, 600) / 1000}); COMMIT`);
      } catch (error) {
        if (isAnswer(error)) throw error;
      }
    }
  };
  const done = write();
  done.catch(() => undefined);
  return {
    async stop() {
      stopping.abort();
      await done;
    },
  };
}
