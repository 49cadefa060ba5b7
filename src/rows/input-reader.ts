import type { DuckDBResult } from '@duckdb/node-api';
import type { Beside } from '../engine/session.js';
import { BATCH_BYTES, BATCH_ROWS, bytesOf, type Wire, type WireBatch } from './wire.js';

/** Reads the rows of one loop over an input, batch by batch, in their order. */
export interface InputReader {
  /** The next batch; undefined at the end. */
  next(): Promise<WireBatch | undefined>;
  /** Ends the stream, after the batch that is being read. */
  close(): Promise<void>;
}

/**
 * Streams a SELECT. DuckDB computes no further ahead than its own small buffer.
 *
 * @param beside of its own: another statement would end the stream
 */
export function readBatches(beside: Beside, select: string): InputReader {
  let result: DuckDBResult | undefined;
  let waiting: WireBatch[] = [];
  let reading: Promise<WireBatch | undefined> = Promise.resolve(undefined);
  const read = async (): Promise<WireBatch | undefined> => {
    result ??= await beside.connection.stream(select);
    if (waiting.length === 0) waiting = await fetchBatches(result);
    return waiting.shift();
  };
  return {
    next: () => (reading = reading.then(read)),
    async close() {
      await reading.catch(() => undefined);
      beside.close();
    },
  };
}

async function fetchBatches(result: DuckDBResult): Promise<WireBatch[]> {
  const chunk = await result.fetchChunk();
  if (chunk === null || chunk.rowCount === 0) return [];
  const columns = chunk.getColumns() as Wire[][];
  return split({ rows: chunk.rowCount, columns });
}

/** A chunk as one batch, or as several where its rows are long. */
function split(chunk: WireBatch): WireBatch[] {
  const bytes = chunk.columns.reduce((sum, column) => sum + bytesOf(column), 0);
  if (bytes <= BATCH_BYTES && chunk.rows <= BATCH_ROWS) return [chunk];
  const pieces = Math.max(Math.ceil(bytes / BATCH_BYTES), Math.ceil(chunk.rows / BATCH_ROWS));
  const size = Math.max(1, Math.floor(chunk.rows / pieces));
  const starts = Array.from({ length: Math.ceil(chunk.rows / size) }, (_, index) => index * size);
  return starts.map((from) => {
    const columns = chunk.columns.map((column) => column.slice(from, from + size));
    return { rows: Math.min(size, chunk.rows - from), columns };
  });
}
