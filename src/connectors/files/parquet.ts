import type { Column } from '../../core/dataset.js';
import { MillraceError, messageOf } from '../../core/errors.js';
import { quoteFile } from '../../core/filter.js';
import type { Session } from '../contract.js';
import { unreadable } from './errors.js';
import type { FoundFile } from './file-tree.js';

export interface ParquetFacts {
  readonly columns: readonly Column[];
  readonly rows: number;
  /** Columns, by name, with decimals of so many digits that DuckDB would read other numbers. */
  readonly tooPrecise: ReadonlyMap<string, number>;
}

/** One element of a file's schema; those of which a column consists follow it. */
interface SchemaElement {
  readonly name: string;
  readonly required: boolean;
  readonly children: number;
  readonly digits: number;
}

/** DuckDB's decimals have no more digits. */
const MAX_DIGITS = 38;

/**
 * Columns and rows of a Parquet file, from its footer alone.
 * @throws TerminalError FILE_FORMAT when the footer is missing or damaged, as in a truncated file
 */
export async function inspectParquet(session: Session, connection: string, found: FoundFile): Promise<ParquetFacts> {
  const file = quoteFile(found.file);
  try {
    const described = await session.rows<{ column_name: string; column_type: string }>(
      `DESCRIBE SELECT * FROM ${readParquet([found.file])}`,
    );
    const schema = await session.rows<SchemaElement>(
      `SELECT name, repetition_type IS NOT DISTINCT FROM 'REQUIRED' AS required, coalesce(num_children, 0)::INT AS children,
         coalesce(precision, 0)::INT AS digits FROM parquet_schema(${file})`,
    );
    const [counted] = await session.rows<{ rows: bigint }>(`SELECT num_rows AS rows FROM parquet_file_metadata(${file})`);
    const names = new Set(schema.filter(({ required }) => required).map(({ name }) => name));
    return {
      columns: described.map((row) => ({ name: row.column_name, type: row.column_type, nullable: !names.has(row.column_name) })),
      rows: Number(counted?.rows),
      tooPrecise: tooPrecise(schema),
    };
  } catch (error) {
    if (error instanceof MillraceError && !['QUERY_FAILED', 'FILE_FORMAT'].includes(error.code)) throw error;
    if (!/magic bytes|too small to be a Parquet|parquet|footer|metadata|thrift|TProtocol/i.test(messageOf(error))) throw error;
    throw unreadable(
      { connection, path: found.origin },
      `it is not a whole Parquet file (${found.sizeBytes} bytes). It was truncated, is still being written, or is of another kind: replace it. DuckDB says: ${reasonOf(error)}.`,
    );
  }
}

function tooPrecise(schema: readonly SchemaElement[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  // The first element is the whole.
  let at = 1;
  const digitsOfNext = (): number => {
    const { children = 0, digits = 0 } = schema[at++] ?? {};
    return Math.max(digits, ...Array.from({ length: children }, digitsOfNext));
  };
  while (at < schema.length) {
    const { name } = schema[at] as SchemaElement;
    const digits = digitsOfNext();
    if (digits > MAX_DIGITS) found.set(name, digits);
  }
  return found;
}

// Without the kind of error and the absolute path, which say nothing new.
function reasonOf(error: unknown): string {
  return (messageOf(error).split('\n')[0] ?? '')
    .replace(/^(?:\w+ )+Error: /, '')
    .replace(/ '[^']*'/, '')
    .replace(/[.\s]+$/, '');
}

/** Parquet files as a table, by their own columns: folder names such as `month=2001-01` add none. */
export function readParquet(files: readonly string[]): string {
  return `read_parquet([${files.map(quoteFile).join(', ')}], hive_partitioning = false)`;
}
