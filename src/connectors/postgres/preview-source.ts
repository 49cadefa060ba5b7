import { filterToSql } from '../../core/filter.js';
import { connectPostgres } from '../../postgres/connect.js';
import type { CallContext, ExtractRequest, SourceDescription } from '../contract.js';
import { describeSource } from './describe-source.js';
import { translatePostgresError } from './errors.js';
import { tableFacts } from './heaps.js';
import type { ResolvedPostgres } from './options.js';
import { readingOf, type ReadAttempt } from './reading.js';
import { datasetColumn } from './source-columns.js';

/** What would be read, as the server describes and estimates it. Throws as reading does. */
export async function previewSource(
  settings: ResolvedPostgres,
  { options }: Pick<ExtractRequest, 'options'>,
  context: CallContext,
): Promise<SourceDescription> {
  const reading = readingOf(options, settings);
  const attempt: ReadAttempt = { settings, context, reading, options, directory: '', applicationName: 'millrace plan' };
  try {
    const side = await connectPostgres(settings.url, attempt.applicationName);
    try {
      await side.query(
        `SET default_transaction_read_only = on; SET lock_timeout = ${settings.lockTimeoutMs}; SET TimeZone = 'UTC'`,
      );
      const { columns, cursor } = await describeSource(side, attempt);
      const { heaps } = await tableFacts(side, reading);
      const select = `SELECT * FROM ${reading.from} WHERE ${filterToSql(options.where)}`;
      const { rows } = await side.query<{ 'QUERY PLAN': readonly { readonly Plan?: { readonly 'Plan Rows'?: number } }[] }>(
        `EXPLAIN (FORMAT JSON) ${select}`,
      );
      return {
        from: reading.label,
        columns: columns.map((column) => datasetColumn(column, new Set())),
        isText: false,
        rows: rows[0]?.['QUERY PLAN'][0]?.Plan?.['Plan Rows'] ?? null,
        isEstimate: true,
        bytes: heaps.length === 0 ? null : heaps.reduce((sum, heap) => sum + heap.bytes, 0),
        ...(cursor && {
          range: {
            column: cursor.column.name,
            type: datasetColumn(cursor.column, new Set()).type,
            after: cursor.after,
            from: cursor.from,
          },
        }),
      };
    } finally {
      await side.end().catch(() => undefined);
    }
  } catch (error) {
    throw translatePostgresError(error, settings, reading.label);
  }
}
