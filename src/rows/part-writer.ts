import path from 'node:path';
import { DuckDBDataChunk, type DuckDBAppender, type DuckDBConnection } from '@duckdb/node-api';
import { TerminalError, messageOf } from '../core/errors.js';
import { quoteIdentifier, quoteLiteral } from '../core/filter.js';
import type { Part } from '../core/manifest.js';
import type { OutputColumn } from './output-columns.js';
import { bytesOf, type WireBatch } from './wire.js';

/** Rows of one part. A part is what waits in DuckDB's memory at a time. */
const PART_ROWS = 1_000_000;
const PART_BYTES = 256 * 1024 * 1024;

// In a database of its own: while an input is read, DuckDB keeps what is dropped in the database that it is read by.
const DATABASE = 'millrace_made';
const TABLE = `${DATABASE}.main.part`;

/** Writes rows into Parquet parts, in the order in which they come. */
export interface PartWriter {
  append(batch: WireBatch): Promise<void>;
  /** Writes what is left; a dataset without rows gets one part without rows. */
  finish(): Promise<Part[]>;
}

/**
 * @param connection of its own
 * @param directory the attempt's folder
 * @param name the transform's, for messages
 */
export async function createPartWriter(
  connection: DuckDBConnection,
  outputs: readonly OutputColumn[],
  directory: string,
  name: string,
): Promise<PartWriter> {
  await connection.run(`ATTACH ':memory:' AS ${DATABASE}`);
  const parts: Part[] = [];
  const select = outputs
    .map(({ column, fromWire }, index) => `${fromWire(`c${index}`)} AS ${quoteIdentifier(column.name)}`)
    .join(', ');
  let table = await openTable(connection, outputs);
  let rows = 0;
  let bytes = 0;
  const writePart = async (): Promise<void> => {
    table.appender.closeSync();
    const file = `part-${parts.length}.parquet`;
    const target = quoteLiteral(path.join(directory, file));
    await fitting(name, outputs, () =>
      connection.run(`COPY (SELECT ${select} FROM ${TABLE}) TO ${target} (FORMAT parquet, COMPRESSION zstd)`),
    );
    parts.push({ path: `./${file}`, format: 'parquet', rows, bytes: 0, fingerprint: '' });
    await connection.run(`DROP TABLE ${TABLE}`);
    rows = bytes = 0;
  };
  return {
    async append(batch) {
      table.chunk.reset();
      table.chunk.setColumns(batch.columns);
      table.appender.appendDataChunk(table.chunk);
      rows += batch.rows;
      for (const column of batch.columns) bytes += bytesOf(column);
      if (rows < PART_ROWS && bytes < PART_BYTES) return;
      await writePart();
      table = await openTable(connection, outputs);
    },
    async finish() {
      if (rows > 0 || parts.length === 0) await writePart();
      else table.appender.closeSync();
      return parts;
    },
  };
}

interface Table {
  readonly appender: DuckDBAppender;
  /** Used again for each batch: its memory is not JavaScript's, so that a new one each time would wait long to be freed. */
  readonly chunk: DuckDBDataChunk;
}

async function openTable(connection: DuckDBConnection, outputs: readonly OutputColumn[]): Promise<Table> {
  const wireTypes = outputs.map(({ wireType }) => wireType);
  await connection.run(`CREATE TABLE ${TABLE} (${wireTypes.map((type, index) => `c${index} ${type}`).join(', ')})`);
  const appender = await connection.createAppender('part', 'main', DATABASE);
  const types = wireTypes.map((_, index) => appender.columnType(index));
  return { appender, chunk: DuckDBDataChunk.create(types) };
}

// Everything else has been looked at in the thread; the parts of a nested value are DuckDB's to judge.
async function fitting(name: string, outputs: readonly OutputColumn[], work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const message = messageOf(error);
    if (!message.startsWith('Conversion Error') && !message.startsWith('Invalid Input Error')) throw error;
    const types = outputs.map(({ column }) => `${column.name} ${column.type}`).join(', ');
    throw new TerminalError(
      'TRANSFORM_VALUE',
      `Transform "${name}" yields a nested value that does not fit the type of its column: ${message.split('\n')[0]}. The columns are: ${types}. Correct the function or the output contract.`,
      {},
      { cause: error },
    );
  }
}
