import type { DatasetCheck, DistributionCheck } from '../config/dataset-checks.js';
import { MAX_EXAMPLES } from '../core/checks.js';
import { quoteIdentifier } from '../core/filter.js';

/*
 * SQL that DuckDB and Postgres understand alike. What it gives is text, so that no number is rounded on its way and both
 * databases answer in one form.
 */

/** Aggregates that one check needs of its input, as SQL expressions by names of their own. */
export type Measures = Readonly<Record<string, string>>;

const text = (expression: string): string => `CAST(${expression} AS VARCHAR)`;
const number = (column: string): string => `CAST(${quoteIdentifier(column)} AS DOUBLE PRECISION)`;

/** The aggregates of a check that takes no statement of its own; `undefined` for the others. */
export function measuresOf(check: DatasetCheck): Measures | undefined {
  switch (check.check) {
    case 'rowCount':
      return { rows: text('count(*)') };
    case 'nullShare':
      return { rows: text('count(*)'), values: text(`count(${quoteIdentifier(check.column)})`) };
    case 'freshness': {
      const latest = `max(CAST(${quoteIdentifier(check.column)} AS TIMESTAMP WITH TIME ZONE))`;
      return { latest: text(latest), epoch: text(`extract(epoch FROM ${latest})`) };
    }
    case 'distribution':
      return distributionMeasures(check);
    default:
      return undefined;
  }
}

function distributionMeasures({ column, min, max, mean, stddev }: DistributionCheck): Measures {
  const value = number(column);
  return {
    values: text(`count(${quoteIdentifier(column)})`),
    ...(min && { min: text(`min(${value})`) }),
    ...(max && { max: text(`max(${value})`) }),
    ...(mean && { mean: text(`avg(${value})`) }),
    ...(stddev && { stddev: text(`stddev_samp(${value})`) }),
  };
}

/** One pass over an input for the measures of several checks: `measures[i]` under names that begin with `m<i>_`. */
export function measureStatement(input: string, measures: readonly Measures[]): string {
  const columns = measures.flatMap((each, at) =>
    Object.entries(each).map(([name, expression]) => `${expression} AS ${quoteIdentifier(`m${at}_${name}`)}`),
  );
  return `SELECT ${columns.join(', ')} FROM ${quoteIdentifier(input)}`;
}

/**
 * The values at some ranks of a column, the smallest being 1. It sorts, which spills where memory is short; the databases'
 * own quantiles hold every value.
 */
export function rankStatement(input: string, column: string, ranks: readonly number[]): string {
  const ordered = `SELECT ${number(column)} AS v, row_number() OVER (ORDER BY ${number(column)}) AS n FROM ${quoteIdentifier(input)} WHERE ${quoteIdentifier(column)} IS NOT NULL`;
  return `SELECT ${text('n')} AS n, ${text('v')} AS v FROM (${ordered}) AS ordered WHERE n IN (${ranks.join(', ')})`;
}

/** The keys that are there more than once, each with its number of rows. */
function repeatedKeys(input: string, columns: readonly string[]): string {
  const list = columns.map(quoteIdentifier).join(', ');
  return `FROM ${quoteIdentifier(input)} WHERE ${present('', columns)} GROUP BY ${list} HAVING count(*) > 1`;
}

export function repeatedStatement(input: string, columns: readonly string[]): string {
  return `SELECT ${text('count(*)')} AS keys, ${text('coalesce(sum(n), 0)')} AS rows FROM (SELECT count(*) AS n ${repeatedKeys(input, columns)}) AS repeated`;
}

export function repeatedExamples(input: string, columns: readonly string[]): string {
  const list = columns.map(quoteIdentifier).join(', ');
  return asExamples(`SELECT ${list} ${repeatedKeys(input, columns)} ORDER BY count(*) DESC, ${list} LIMIT ${MAX_EXAMPLES}`);
}

interface Reference {
  readonly columns: readonly string[];
  readonly input: string;
  readonly inputColumns: readonly string[];
}

function orphans(judged: string, { columns, input, inputColumns }: Reference): string {
  const same = columns.map(
    (column, at) => `there.${quoteIdentifier(inputColumns[at] as string)} = here.${quoteIdentifier(column)}`,
  );
  return `FROM ${quoteIdentifier(judged)} AS here WHERE ${present('here.', columns)} AND NOT EXISTS (SELECT 1 FROM ${quoteIdentifier(input)} AS there WHERE ${same.join(' AND ')})`;
}

export function orphansStatement(judged: string, reference: Reference): string {
  return `SELECT ${text('count(*)')} AS rows ${orphans(judged, reference)}`;
}

export function orphansExamples(judged: string, reference: Reference): string {
  const list = reference.columns.map((column) => `here.${quoteIdentifier(column)}`).join(', ');
  return asExamples(`SELECT DISTINCT ${list} ${orphans(judged, reference)} ORDER BY ${list} LIMIT ${MAX_EXAMPLES}`);
}

/** Counts the rows of a SELECT. */
export function countAround(written: string): string {
  return `SELECT ${text('count(*)')} AS rows FROM (\n${written}\n) AS millrace_found`;
}

/** The first rows of a SELECT, as JSON. */
export function examplesAround(written: string): string {
  return `SELECT ${text('to_json(millrace_found)')} AS example FROM (\n${written}\n) AS millrace_found LIMIT ${MAX_EXAMPLES}`;
}

function asExamples(select: string): string {
  return `SELECT ${text('to_json(millrace_found)')} AS example FROM (${select}) AS millrace_found`;
}

function present(prefix: string, columns: readonly string[]): string {
  return columns.map((column) => `${prefix}${quoteIdentifier(column)} IS NOT NULL`).join(' AND ');
}
