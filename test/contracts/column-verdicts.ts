import { z } from 'zod';
import { contract } from '../../src/config/contract.js';
import { columnConditions } from '../../src/contracts/compile-column.js';
import { compile, rawName, valuesSelect } from '../../src/contracts/compile.js';
import { text } from '../../src/contracts/sql-text.js';
import type { EngineSession } from '../../src/engine/session.js';

/** One column to judge: a schema over values, each as SQL and as zod is to see it (`undefined`: a missing key). */
export interface ColumnCase {
  readonly label: string;
  readonly schema: z.ZodType;
  /** DuckDB's type, or `text` for CSV. */
  readonly type: string;
  readonly values: readonly { readonly sql: string; readonly image: unknown }[];
}

export interface Disagreement {
  readonly label: string;
  readonly sql: string;
  readonly zod: boolean;
  readonly answer: 'pass' | 'fail';
}

/**
 * Compares SQL's verdict on every value of every column with zod's: a pass must be accepted by zod and a fail refused;
 * undecided and uncompiled values are zod's in any case.
 */
export async function disagreements(
  session: EngineSession,
  cases: readonly ColumnCase[],
): Promise<{ found: Disagreement[]; decided: number; open: number }> {
  const found: Disagreement[] = [];
  let decided = 0;
  let open = 0;
  for (const isText of [true, false]) {
    const chosen = cases.filter((each) => (each.type === 'text') === isText);
    if (chosen.length === 0) continue;
    const answers = await judgeColumns(session, chosen, isText);
    for (const [index, each] of chosen.entries()) {
      for (const [at, value] of each.values.entries()) {
        const answer = answers[at]?.[`a${index}`];
        if (answer === 'open') open++;
        if (answer !== 'pass' && answer !== 'fail') continue;
        decided++;
        const accepted = accepts(each.schema, value.image);
        if (accepted !== (answer === 'pass')) found.push({ label: each.label, sql: value.sql, zod: accepted, answer });
      }
    }
  }
  return { found, decided, open };
}

// As a field of an object, since a missing key is a matter of the object.
function accepts(schema: z.ZodType, image: unknown): boolean {
  const row = image === undefined ? {} : { c: image };
  return contract(objectOf(schema)).schema.safeParse(row).success;
}

function objectOf(schema: z.ZodType): z.ZodObject {
  return z.object({ c: schema });
}

async function judgeColumns(
  session: EngineSession,
  cases: readonly ColumnCase[],
  isText: boolean,
): Promise<Record<string, string>[]> {
  const shape = Object.fromEntries(cases.map((each, index) => [`c${index}`, each.schema]));
  const inputs = cases.map((each, index) => ({ name: `c${index}`, type: isText ? 'VARCHAR' : each.type, nullable: true }));
  const compiled = compile(contract(z.object(shape)), inputs, isText);
  const rows = Math.max(...cases.map((each) => each.values.length));
  const selects = Array.from({ length: rows }, (_, row) => {
    const values = cases.map(
      (each, index) => `(${each.values[row]?.sql ?? 'NULL'})::${isText ? 'VARCHAR' : each.type} AS ${rawName(index)}`,
    );
    return `SELECT ${[`${row} AS n`, ...values].join(', ')}`;
  });
  const answers = compiled.columns.map((column, index) => {
    if (column.predicates.length === 0 && column.spec.uncompiled !== undefined) return `'zod' AS a${index}`;
    const conditions = columnConditions(column);
    const pass = conditions.pass.length === 0 ? 'TRUE' : conditions.pass.join(' AND ');
    const open = conditions.open.length === 0 ? 'TRUE' : conditions.open.join(' AND ');
    const passed = column.spec.uncompiled === undefined ? 'pass' : 'zod';
    return `CASE WHEN ${pass} THEN '${passed}' WHEN ${open} THEN 'open' ELSE 'fail' END AS a${index}`;
  });
  await session.run(`CREATE OR REPLACE TEMP TABLE verdict_rows AS ${selects.join(' UNION ALL ')}`);
  return session.rows(
    `SELECT ${answers.join(', ')} FROM (${valuesSelect(compiled, 'SELECT * FROM verdict_rows', ['n'])}) ORDER BY n`,
  );
}

/** A text value of a CSV file; NULL for an unquoted empty field. */
export function textValue(value: string): { sql: string; image: unknown } {
  return { sql: text(value), image: value };
}
