import type { RowsInput } from '../config/rows.js';
import { decodeRows, type Row } from './decode-rows.js';
import type { InputColumn } from './input-columns.js';
import type { WireBatch } from './wire.js';
import type { FromThread } from './protocol.js';

/** A function asked for all rows of an input that has too many for that. */
export class InputTooLarge extends Error {}

/** The inputs of a function, fed by messages. */
export interface ThreadInputs {
  readonly inputs: Readonly<Record<string, RowsInput<Row>>>;
  /** A batch has come; none means the input's end. */
  receive(cursor: number, batch: WireBatch | undefined): void;
}

type Plans = Readonly<Record<string, readonly InputColumn[]>>;

const AT_MOST = 100_000;

/** Makes the inputs: each loop over one is a cursor, and has the next batch asked for while one is worked on. */
export function createInputs(plans: Plans, send: (message: FromThread) => void): ThreadInputs {
  const waiting = new Map<number, (batch: WireBatch | undefined) => void>();
  let cursors = 0;
  const next = (cursor: number, input: string): Promise<WireBatch | undefined> => {
    send({ kind: 'next', cursor, input });
    return new Promise((resolve) => waiting.set(cursor, resolve));
  };
  async function* batches(input: string, columns: readonly InputColumn[]): AsyncGenerator<Row[]> {
    const cursor = cursors++;
    let isOpen = true;
    try {
      for (let coming = next(cursor, input); ;) {
        const batch = await coming;
        if (batch === undefined) {
          isOpen = false;
          return;
        }
        coming = next(cursor, input);
        yield decodeRows(columns, batch);
      }
    } finally {
      if (isOpen) send({ kind: 'leave', cursor });
    }
  }
  const inputs = Object.entries(plans).map(([name, columns]) => {
    const iterate = (): AsyncGenerator<Row[]> => batches(name, columns);
    return [name, { [Symbol.asyncIterator]: iterate, rows: (options) => allRows(name, iterate(), options) }] as const;
  }) satisfies (readonly [string, RowsInput<Row>])[];
  return {
    inputs: Object.fromEntries(inputs),
    receive(cursor, batch) {
      waiting.get(cursor)?.(batch);
    },
  };
}

async function allRows(
  name: string,
  batches: AsyncIterable<Row[]>,
  { atMost = AT_MOST }: { readonly atMost?: number } = {},
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for await (const batch of batches) {
    if (rows.length + batch.length > atMost) {
      throw new InputTooLarge(
        `asks for all rows of the input "${name}", which has more than ${atMost}. Read it in batches (for await (const batch of ${name})), or raise the bound: rows({ atMost: … })`,
      );
    }
    for (const row of batch) rows.push(row);
  }
  return rows;
}
