import { setTimeout as sleep } from 'node:timers/promises';
import { isAnswer, type Database } from './database.js';
import type { Random } from './random.js';
import { amountOf, LATE_IDS, REGIONS, type Sources } from './sources.js';

/** The users of the sources: one transaction after another, for as long as a trial has runs. */
export interface Writer {
  /** Ends the day of the table that grows, so that none of its rows is still to come, and gives it. */
  closeDay(): Promise<string>;
  /** Ends after the transaction at work. */
  stop(): Promise<void>;
  /** Transactions whose COMMIT was answered. */
  committed(): number;
}

const PAUSE_MS = 30;

/** Starts writing. A transaction that is lost with its connection was committed or not: the journal knows. */
export function startWriter(database: Database, sources: Sources, random: Random): Writer {
  const stopping = new AbortController();
  let committed = 0;
  let day = 0;
  let nextId = 1;
  let closing: (() => void)[] = [];
  const closeWaiting = (): void => {
    for (const each of closing) each();
    closing = [];
  };
  const write = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      closeWaiting();
      const grown = random.between(10, 60);
      // Ids that a lost transaction may have taken are not used again.
      const [from, to] = [nextId, (nextId += grown) - 1];
      try {
        await database.query(transaction(sources, random, { from, to, day: dayName(day) }));
        committed += 1;
      } catch (error) {
        await database.query('ROLLBACK').catch(() => undefined);
        if (isAnswer(error)) throw error;
      }
      await sleep(PAUSE_MS);
    }
  };
  const done = write().finally(() => {
    stopping.abort();
    closeWaiting();
  });
  done.catch(() => undefined);
  return {
    async closeDay() {
      if (stopping.signal.aborted) {
        await done;
        return dayName(day++);
      }
      return new Promise((resolve) => closing.push(() => resolve(dayName(day++))));
    },
    async stop() {
      stopping.abort();
      await done;
    },
    committed: () => committed,
  };
}

function dayName(day: number): string {
  return new Date(Date.UTC(2024, 0, 1 + day)).toISOString().slice(0, 10);
}

interface Growth {
  readonly from: number;
  readonly to: number;
  readonly day: string;
}

function transaction({ grown, stock, orders }: Sources, random: Random, { from, to, day }: Growth): string {
  const region = random.pick(REGIONS);
  const insert = (table: string, first: number | string, last: number | string): string =>
    `INSERT INTO ${table} SELECT id, 1, '${region}', '${day}', ${amountOf('id', '0')}, 'new', clock_timestamp()
     FROM generate_series(${first}, ${last}) AS rows(id)`;
  const update = (table: string): string =>
    `UPDATE ${table} SET version = version + 1, amount = ${amountOf('id', 'version + 1')}, changed_at = clock_timestamp()
     WHERE id % ${random.between(50, 200)} = ${random.between(0, 49)}`;
  const more = (table: string): string =>
    insert(
      table,
      `(SELECT coalesce(max(id), 0) + 1 FROM ${table} WHERE id < ${LATE_IDS})`,
      `(SELECT coalesce(max(id), 0) + ${random.between(1, 10)} FROM ${table} WHERE id < ${LATE_IDS})`,
    );
  const remove = `DELETE FROM ${orders} WHERE id % ${random.between(100, 400)} = ${random.between(0, 99)}`;
  return ['BEGIN', insert(grown, from, to), more(stock), update(stock), more(orders), update(orders), remove, 'COMMIT'].join(
    ';\n',
  );
}
