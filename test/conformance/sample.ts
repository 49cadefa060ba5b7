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
  /** Rows that stand for the deletion of their key, by id; `null` leaves the flag of that row without a value. */
  readonly deleted?: Readonly<Record<number, boolean | null>>;
}

/** What an activity would ask a destination for. */
export function loadRequest(load: SampleLoad): LoadRequest {
  return {
    identity: {
      loadId: load.loadId ?? `load-${randomBytes(6).toString('hex')}`,
      content: createHash('sha256')
        .update(JSON.stringify([load.rows, load.deleted]))
        .digest('hex'),
      pipeline: 'sampler',
      step: 'load:sample',
      workflowId: 'sampler-1',
      runId: 'run-1',
      ...(load.runPartition === undefined ? {} : { partition: load.runPartition }),
    },
    mode: load.mode,
    target: load.target,
    connection: 'depot',
    ...(load.deleted === undefined ? { select: selectRows(load.rows), columns: SAMPLE_COLUMNS } : flagged(load)),
    rows: load.rows.length,
    key: load.mode === 'merge' || load.mode === 'scd2' ? ['id'] : [],
    ...(load.watermark && { watermark: load.watermark }),
    ...(load.region === undefined ? {} : { partition: { [REGION]: load.region } }),
  };
}

const FLAG = { name: 'gone', type: 'BOOLEAN', nullable: true };

function flagged({ rows, deleted = {} }: SampleLoad): Pick<LoadRequest, 'select' | 'columns' | 'deleteFlag'> {
  const cases = Object.entries(deleted).map(([id, gone]) => `WHEN ${id} THEN ${String(gone)}`);
  const flag = cases.length === 0 ? 'FALSE' : `CASE id ${cases.join(' ')} ELSE FALSE END`;
  return {
    select: `SELECT *, (${flag})::BOOLEAN AS gone FROM (${selectRows(rows)})`,
    columns: [...SAMPLE_COLUMNS, FLAG],
    deleteFlag: FLAG.name,
  };
}

/** Rows in one order, to compare. */
export function sorted(rows: readonly SampleRow[]): SampleRow[] {
  return rows.toSorted((a, b) => a.id - b.id || String(a.region).localeCompare(String(b.region)));
}
