import { createHash, randomBytes } from 'node:crypto';
import type { CursorRange } from '../../src/core/cursor.js';
import type { Column } from '../../src/core/dataset.js';
import { quoteLiteral } from '../../src/core/filter.js';
import type { LoadRequest } from '../../src/connectors/contract.js';

/** A row of the sample: every connector must keep it as it is. */
export interface SampleRow {
  readonly id: number;
  readonly region: string | null;
  readonly amount: string | null;
}

/** One column has a name that must be quoted. */
export const SAMPLE_COLUMNS: readonly Column[] = [
  { name: 'id', type: 'BIGINT', nullable: false },
  { name: 'the "region"', type: 'VARCHAR', nullable: true },
  { name: 'amount', type: 'DECIMAL(12,2)', nullable: true },
];

export const REGION = 'the "region"';

/** A SELECT that gives the rows, of the sample's types. */
export function selectRows(rows: readonly SampleRow[]): string {
  const values = rows.map((row) => `(${row.id}, ${quoteLiteral(row.region)}, ${row.amount ?? 'NULL'})`);
  const from = values.length === 0 ? '(SELECT NULL, NULL, NULL WHERE FALSE)' : `(VALUES ${values.join(', ')})`;
  return `SELECT id::BIGINT AS id, r::VARCHAR AS "the ""region""", amount::DECIMAL(12,2) AS amount FROM ${from} AS v(id, r, amount)`;
}

/** Rows `from` to `to`, both included, all of one region. */
export function sampleRows(from: number, to: number, region = 'north'): SampleRow[] {
  return Array.from({ length: to - from + 1 }, (_, at) => ({ id: from + at, region, amount: `${from + at}.50` }));
}

export interface SampleLoad {
  readonly target: string;
  readonly mode: LoadRequest['mode'];
  readonly rows: readonly SampleRow[];
  /** @default a new one */
  readonly loadId?: string;
  /** The partition of the run. */
  readonly runPartition?: string;
  /** The region that a replace is limited to. */
  readonly region?: string;
  /** The range that the load moves its watermark by, the cursor being the column `id`. */
  readonly watermark?: CursorRange;
}

/** What an activity would ask a destination for. */
export function loadRequest(load: SampleLoad): LoadRequest {
  return {
    identity: {
      loadId: load.loadId ?? `load-${randomBytes(6).toString('hex')}`,
      content: createHash('sha256').update(JSON.stringify(load.rows)).digest('hex'),
      pipeline: 'sampler',
      step: 'load:sample',
      workflowId: 'sampler-1',
      runId: 'run-1',
      ...(load.runPartition === undefined ? {} : { partition: load.runPartition }),
    },
    mode: load.mode,
    target: load.target,
    connection: 'depot',
    select: selectRows(load.rows),
    columns: SAMPLE_COLUMNS,
    rows: load.rows.length,
    key: load.mode === 'merge' ? ['id'] : [],
    ...(load.watermark && { watermark: load.watermark }),
    ...(load.region === undefined ? {} : { partition: { [REGION]: load.region } }),
  };
}

/** Rows in one order, to compare. */
export function sorted(rows: readonly SampleRow[]): SampleRow[] {
  return rows.toSorted((a, b) => a.id - b.id || String(a.region).localeCompare(String(b.region)));
}
