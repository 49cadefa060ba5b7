import type { Database } from '../database.js';

/** How a target differs from what it must hold. Every repetition of a row counts. */
export interface Difference {
  /** Rows that it lacks. */
  readonly lost: number;
  /** Rows that it has too many. */
  readonly doubled: number;
  /** What a person needs to see: some of the rows, or what is wrong with the ledger. */
  readonly details: readonly string[];
}

export const NO_DIFFERENCE: Difference = { lost: 0, doubled: 0, details: [] };

const SAMPLE = 20;

/** Holds two queries against each other, row by row, both ways. */
export async function compareRows(database: Database, expected: string, actual: string): Promise<Difference> {
  const lost = await surplus(database, expected, actual);
  const doubled = await surplus(database, actual, expected);
  return {
    lost: lost.rows,
    doubled: doubled.rows,
    details: [...lost.sample.map((row) => `lost: ${row}`), ...doubled.sample.map((row) => `doubled: ${row}`)],
  };
}

async function surplus(database: Database, left: string, right: string): Promise<{ rows: number; sample: string[] }> {
  const found = await database.read<{ row: string; rows: string }>(
    `SELECT difference::text AS row, count(*) OVER () AS rows FROM ((${left}) EXCEPT ALL (${right})) AS difference ORDER BY id LIMIT ${SAMPLE}`,
  );
  return { rows: Number(found[0]?.rows ?? 0), sample: found.map(({ row }) => row) };
}

export function addUp(differences: readonly Difference[]): Difference {
  return {
    lost: differences.reduce((sum, { lost }) => sum + lost, 0),
    doubled: differences.reduce((sum, { doubled }) => sum + doubled, 0),
    details: differences.flatMap(({ details }) => details),
  };
}
