/** A value a filter may compare with. Dates and times are ISO strings. */
export type Scalar = string | number | boolean | null;

/** Conditions on one column; all given ones must hold. `gte` with `lt` is the usual half-open range. */
export interface Condition {
  readonly eq?: Scalar;
  readonly in?: readonly Scalar[];
  readonly gt?: Scalar;
  readonly gte?: Scalar;
  readonly lt?: Scalar;
  readonly lte?: Scalar;
}

/** Which rows to read: every column's condition must hold. It is data, so that a workflow can carry it. */
export type Filter = Readonly<Record<string, Condition>>;

const OPERATORS = { eq: '=', gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;

/** A standard SQL identifier: double-quoted, inner quotes doubled. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A standard SQL literal. Numbers are written so that they read back as the same double. */
export function quoteLiteral(value: Scalar): string {
  if (value === null) return 'NULL';
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`A filter cannot compare with ${String(value)}`);
    return String(value);
  }
  return `'${value.replaceAll("'", "''")}'`;
}

/**
 * A literal for DuckDB's readers that names exactly this file: they take every path for a pattern, so that without this
 * `orders[1].csv` would read `orders1.csv`.
 */
export function quoteFile(file: string): string {
  return quoteLiteral(file.replaceAll(/[[*?]/g, (special) => `[${special}]`));
}

/**
 * The filter as a SQL condition, in the subset that DuckDB and Postgres share; `TRUE` for none.
 * `eq: null` means `IS NULL`.
 */
export function filterToSql(filter: Filter | undefined): string {
  return joinTerms(filter, quoteIdentifier);
}

/** The filter as DuckDB's SQL over columns of text, where a number is compared with numbers: DuckDB alone would round the text. */
export function textFilterToSql(filter: Filter | undefined): string {
  return joinTerms(filter, (column, condition) => {
    const isNumber = Object.values(condition)
      .flat()
      .some((value) => typeof value === 'number');
    return isNumber ? `CAST(${quoteIdentifier(column)} AS DOUBLE)` : quoteIdentifier(column);
  });
}

function joinTerms(filter: Filter | undefined, compared: (column: string, condition: Condition) => string): string {
  const terms = Object.entries(filter ?? {}).flatMap(([column, condition]) =>
    conditionTerms(compared(column, condition), condition),
  );
  return terms.length === 0 ? 'TRUE' : terms.join(' AND ');
}

function conditionTerms(column: string, condition: Condition): string[] {
  return Object.entries(condition).flatMap(([operator, value]) => {
    if (value === undefined) return [];
    if (operator === 'in') {
      const values = value as readonly Scalar[];
      return [values.length === 0 ? 'FALSE' : `${column} IN (${values.map(quoteLiteral).join(', ')})`];
    }
    if (value === null) return [operator === 'eq' ? `${column} IS NULL` : 'FALSE'];
    return [`${column} ${OPERATORS[operator as keyof typeof OPERATORS]} ${quoteLiteral(value as Scalar)}`];
  });
}
