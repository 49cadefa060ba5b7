import { filterToSql, quoteFile, quoteIdentifier, quoteLiteral, type Condition, type Filter } from '../core/filter.js';
import type { Part } from '../core/manifest.js';
import { readCsv, resolvePath } from '../engine/dataset-sql.js';
import { INTERNAL, rawName, type Compiled } from './compile.js';

/** Columns that accompany rows while they are judged. */
export const ROW = `${INTERNAL}row`;
export const STATUS_COLUMN = `${INTERNAL}status`;
export const RAW_COLUMN = `${INTERNAL}raw`;
export const SOURCE_ROW = `${INTERNAL}source_row`;

/** The line (CSV) or row from 1 (Parquet) in the source. */
export const LINE = `${INTERNAL}line`;

/** Columns that accompany the rows that SQL did not accept. */
export const CARRIED: readonly string[] = [ROW, STATUS_COLUMN, LINE];

export interface PartPlace {
  readonly part: Part;
  readonly stagingRoot: string;
  readonly filter: Filter | undefined;
}

/** The rows of a Parquet part that belong to the dataset, by their number in the file, with each input column as `__millrace_r0` … */
export function parquetSource(compiled: Compiled, { part, stagingRoot, filter }: PartPlace): string {
  const file = quoteFile(resolvePath(stagingRoot, part.path));
  const raws = compiled.inputs.map((input, index) => `rows.${quoteIdentifier(input.name)} AS ${rawName(index)}`);
  const deletes =
    part.deletes === undefined
      ? ''
      : ` ANTI JOIN read_parquet(${quoteFile(resolvePath(stagingRoot, part.deletes))}) AS gone ON rows.file_row_number = gone.row`;
  const where = filter === undefined ? '' : ` WHERE ${filterToSql(filter)}`;
  return `SELECT ${[`rows.file_row_number AS ${ROW}`, ...raws].join(', ')} FROM (SELECT * FROM read_parquet(${file}, file_row_number = true, hive_partitioning = false)${where}) AS rows${deletes}`;
}

/** The records of a CSV part that are well formed; the others go into the table `rejectsTable`. */
export function csvSource(compiled: Compiled, place: PartPlace, rejectsTable: string): string {
  const held = new Set(place.part.csv?.columns);
  const raws = compiled.inputs.map(
    (input, index) => `${held.has(input.name) ? quoteIdentifier(input.name) : 'NULL::VARCHAR'} AS ${rawName(index)}`,
  );
  const read = readCsv(place.part, place.stagingRoot, [
    'store_rejects = true',
    `rejects_table = ${quoteLiteral(rejectsTable)}`,
    `rejects_scan = ${quoteLiteral(`${rejectsTable}_scan`)}`,
  ]);
  return `SELECT ${raws.join(', ')} FROM ${read}`;
}

/**
 * A condition over the columns of `valuesSelect` for a row of text to lie within a filter. Conditions compare values, not
 * text; a value that cannot be read lies within, so that its row is rejected rather than lost.
 */
export function textFilter(compiled: Compiled, filter: Filter): string {
  const terms = Object.entries(filter).map(([name, condition]) => {
    const column = compiled.columns.find((each) => each.output.name === name);
    if (!column) return rawCondition(rawName(compiled.inputs.findIndex((input) => input.name === name)), condition);
    const unreadable = `${column.names.raw} IS NOT NULL AND ${column.names.value} IS NULL`;
    return `((${unreadable}) OR coalesce(${filterToSql({ [name]: condition })}, FALSE))`;
  });
  return terms.join(' AND ');
}

function rawCondition(raw: string, condition: Condition): string {
  const sample = Object.values(condition)
    .flat()
    .find((value) => value !== null);
  const type = typeof sample === 'number' ? 'DOUBLE' : typeof sample === 'boolean' ? 'BOOLEAN' : 'VARCHAR';
  const probe = '__millrace_probe';
  const sql = filterToSql({ [probe]: condition }).replaceAll(quoteIdentifier(probe), `TRY_CAST(${raw} AS ${type})`);
  return `coalesce(${sql}, FALSE)`;
}
