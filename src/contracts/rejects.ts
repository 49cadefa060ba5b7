import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { quoteFile, quoteLiteral } from '../core/filter.js';
import type { ReasonCount } from '../core/manifest.js';
import type { EngineSession } from '../engine/session.js';

/** Rejected rows, gathered in a table that DuckDB may spill to disk, until all parts are judged. */
export interface Rejects {
  /** Columns: part, row (its number within the part, null for a malformed line), source, line, byte, reasons, content. */
  readonly table: string;
  /**
   * Writes `rejects.parquet`, in the order of the source, and counts the reasons. `places` has, for each part by its index,
   * the file that says where its rows really came from, if there is one.
   */
  write(places: readonly (string | undefined)[]): Promise<ReasonCount[]>;
  close(): Promise<void>;
}

const MOST_REASONS = 20;
const REASONS_TYPE = '[{"code": "VARCHAR", "path": "VARCHAR", "message": "VARCHAR"}]';

export async function openRejects(session: EngineSession, directory: string): Promise<Rejects> {
  const table = `millrace_rejects_${randomBytes(6).toString('hex')}`;
  await session.run(
    `CREATE TEMP TABLE ${table} (part INTEGER, row BIGINT, source VARCHAR, line BIGINT, byte BIGINT, reasons VARCHAR, content VARCHAR)`,
  );
  return {
    table,
    async write(places) {
      const file = quoteLiteral(path.join(directory, 'rejects.parquet'));
      await session.run(
        `COPY (SELECT source, line, byte, reasons, row, number FROM (${placed(table, places)}) ORDER BY number) TO ${file} (FORMAT parquet, COMPRESSION lz4)`,
      );
      return countReasons(session, table);
    },
    close: () => session.run(`DROP TABLE IF EXISTS ${table}`),
  };
}

// What comes back from quarantine is a part of its own, without a header, whose rows keep the number and the place that they had.
function placed(table: string, places: readonly (string | undefined)[]): string {
  const known = places.flatMap((file, part) =>
    file === undefined ? [] : [`SELECT ${part} AS part, * FROM read_parquet(${quoteFile(file)})`],
  );
  if (known.length === 0)
    return `SELECT source, line, byte, reasons, content AS row, row_number() OVER (ORDER BY part, line) AS number FROM ${table}`;
  return `SELECT place.source, place.line, place.byte, rejected.reasons, rejected.content AS row, place.number
    FROM ${table} AS rejected JOIN (${known.join(' UNION ALL ')}) AS place ON rejected.part = place.part AND rejected.line = place.row + 1`;
}

// A row that breaks one rule twice, as two elements of a list may, counts once.
async function countReasons(session: EngineSession, table: string): Promise<ReasonCount[]> {
  const counted = await session.rows<{ code: string; path: string; message: string; rows: bigint }>(`
    SELECT reason.code AS code, '"' || reason.path AS path, '"' || reason.message AS message, count(*) AS rows
    FROM (SELECT unnest(list_distinct(from_json(reasons, ${quoteLiteral(REASONS_TYPE)}))) AS reason FROM ${table})
    GROUP BY ALL ORDER BY rows DESC, code, path, message LIMIT ${MOST_REASONS}`);
  return counted.map(({ code, path: at, message, rows }) => ({
    code,
    path: at.slice(1),
    message: message.slice(1),
    rows: Number(rows),
  }));
}
