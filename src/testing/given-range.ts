import path from 'node:path';
import type { CallContext, Extracted, ExtractRequest } from '../connectors/contract.js';
import type { CursorRange } from '../core/cursor.js';
import { TerminalError } from '../core/errors.js';
import { filterToSql, quoteFile, quoteIdentifier, quoteLiteral } from '../core/filter.js';

/** Reads what a cursor would have read of a dataset: the rows from `after`, less the lag, on, and those without a value. */
export async function rangeOf(
  extracted: Extracted,
  { dataset, options, directory }: ExtractRequest,
  context: CallContext,
): Promise<Extracted> {
  const { cursor = '', after: given = null, lag, where } = options;
  const column = extracted.columns.find(({ name }) => name === cursor);
  const [part, ...others] = extracted.parts;
  if (!column || !part || others.length > 0 || part.format !== 'parquet') {
    throw new TerminalError(
      'TEST_DATA_INVALID',
      `The pipeline reads "${dataset}" by the cursor "${cursor}", and the test's rows have no such column or are CSV text. Give them as objects that have it.`,
    );
  }
  const name = quoteIdentifier(cursor);
  const write = column.type.startsWith('TIMESTAMP')
    ? (value: string) => `strftime(${value}, '%Y-%m-%dT%H:%M:%S.%fZ')`
    : (value: string) => `(${value})::VARCHAR`;
  const watermark = typeof given === 'object' ? given : null;
  const after = typeof given === 'object' ? (given?.value ?? null) : String(given);
  const literal = `${after === null ? 'NULL' : quoteLiteral(after)}::${column.type}`;
  const less = lag === undefined ? '' : ` - ${typeof lag === 'number' ? lag : `INTERVAL ${quoteLiteral(lag)}`}`;
  const file = path.join(directory, 'range.parquet');
  const source = `(SELECT * FROM read_parquet(${quoteFile(path.join(directory, part.path))}) WHERE ${filterToSql(where)})`;
  const [found] = await context.session.rows<{ from: string | null; upto: string | null; without: bigint }>(
    `SELECT ${write(`(${literal})${less}`)} AS "from", ${write(`greatest(max(${name}), ${literal})`)} AS upto,
       count(*) FILTER (WHERE ${name} IS NULL) AS without FROM ${source}`,
  );
  const range: CursorRange = {
    column: cursor,
    type: column.type,
    after,
    from: found?.from ?? null,
    upTo: found?.upto ?? null,
    withoutCursor: Number(found?.without ?? 0),
    ...(watermark && { watermark: { target: watermark.target, name: watermark.name, step: watermark.step } }),
  };
  const from = range.from === null ? 'TRUE' : `(${name} >= ${quoteLiteral(range.from)}::${column.type} OR ${name} IS NULL)`;
  await context.session.run(`COPY (SELECT * FROM ${source} WHERE ${from}) TO ${quoteLiteral(file)} (FORMAT parquet)`);
  const [counted] = await context.session.rows<{ rows: bigint }>(`SELECT count(*) AS rows FROM read_parquet(${quoteFile(file)})`);
  const rows = Number(counted?.rows ?? 0);
  return { ...extracted, rows, range, filterPending: false, parts: [{ ...part, path: './range.parquet', rows }] };
}
