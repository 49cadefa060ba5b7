import type { Column } from '../../core/dataset.js';
import { duckKind } from './column-plan.js';

const TYPES: Readonly<Record<string, string>> = {
  BOOLEAN: 'boolean',
  TINYINT: 'smallint',
  UTINYINT: 'smallint',
  SMALLINT: 'smallint',
  USMALLINT: 'integer',
  INTEGER: 'integer',
  UINTEGER: 'bigint',
  BIGINT: 'bigint',
  UBIGINT: 'numeric(20,0)',
  HUGEINT: 'numeric(38,0)',
  UHUGEINT: 'numeric(38,0)',
  FLOAT: 'real',
  DOUBLE: 'double precision',
  VARCHAR: 'text',
  ENUM: 'text',
  JSON: 'jsonb',
  DATE: 'date',
  TIME: 'time',
  'TIME WITH TIME ZONE': 'timetz',
  TIMESTAMP: 'timestamp',
  TIMESTAMP_S: 'timestamp',
  TIMESTAMP_MS: 'timestamp',
  'TIMESTAMP WITH TIME ZONE': 'timestamptz',
  INTERVAL: 'interval',
  UUID: 'uuid',
  BLOB: 'bytea',
  STRUCT: 'jsonb',
  MAP: 'jsonb',
};

/**
 * The Postgres type of a column in a table that is made for a dataset; `undefined` where there is none that holds every
 * value exactly. `restorable` are the source types that this server knows.
 */
export function createdType(column: Column, restorable: ReadonlySet<string>): string | undefined {
  if (column.sourceType !== undefined && restorable.has(column.sourceType)) return column.sourceType;
  return typeOf(column.type);
}

// Lists become arrays where their elements travel as they are, and JSON otherwise.
const ARRAY_ELEMENTS =
  /^(BOOLEAN|SMALLINT|INTEGER|BIGINT|FLOAT|DOUBLE|VARCHAR|DATE|TIME|TIMESTAMP|TIMESTAMP WITH TIME ZONE|UUID|BLOB|DECIMAL\(.*\))$/;

function typeOf(type: string): string | undefined {
  if (type.endsWith('[]')) {
    const element = type.slice(0, -2);
    return ARRAY_ELEMENTS.test(element) ? `${typeOf(element)}[]` : 'jsonb';
  }
  const decimal = /^DECIMAL\((\d+),\s*(\d+)\)$/.exec(type);
  if (decimal) return `numeric(${decimal[1]},${decimal[2]})`;
  const kind = duckKind(type);
  return kind === 'LIST' ? 'jsonb' : TYPES[kind];
}
