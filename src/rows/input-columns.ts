import type { Contract } from '../config/contract.js';
import { columnSpecs, extraSpecs } from '../contracts/columns.js';
import { parseType } from '../contracts/duck-type.js';
import { dateOfMillis, doubleOf, isoText, millisOf, typedImage, type Image } from '../contracts/image.js';
import { outputBase } from '../contracts/introspect.js';
import { jsonImage } from '../contracts/json-image.js';
import { nestedImage } from '../contracts/nested-image.js';
import { isJson } from '../contracts/nested-types.js';
import type { ColumnSpec } from '../contracts/rules.js';
import { familyOf } from '../contracts/types.js';
import type { Column } from '../core/dataset.js';
import { quoteIdentifier } from '../core/filter.js';
import type { Wire } from './wire.js';

/** How a column of a dataset becomes a property of the rows. */
export interface InputColumn {
  readonly name: string;
  /** SQL of what travels. */
  readonly sql: string;
  /** Makes the row's value of what has travelled; absent where it is that. */
  readonly read?: (value: Wire) => unknown;
  /** Whether the key is left out where there is no value, instead of being null. */
  readonly leaveOut: boolean;
}

/**
 * How the columns of a dataset become the rows that its contract describes: the values are such as zod gives them,
 * whatever DuckDB's types are. Both threads draw it from the same contract, so that only plain values travel.
 */
export function inputColumns(contract: Contract, columns: readonly Column[]): InputColumn[] {
  const specs = [...columnSpecs(contract), ...extraSpecs(contract, columns)];
  return columns.flatMap((column) => {
    const spec = specs.find(({ name }) => name === column.name);
    if (spec === undefined) return [];
    const seen = { ...spec, base: outputBase(spec.schema) };
    return [{ name: column.name, leaveOut: !spec.acceptsNull, ...readColumn(seen, column) }];
  });
}

type Read = Pick<InputColumn, 'sql' | 'read'>;

const WITH_PARTS: ReadonlySet<string> = new Set(['list', 'tuple', 'object', 'map']);

function readColumn(spec: ColumnSpec, column: Column): Read {
  const v = quoteIdentifier(column.name);
  const { base } = spec;
  const type = parseType(column.type);
  const family = familyOf(column.type);
  if (base.kind === 'string') return { sql: text(isoText(base, column, v)) };
  if (isJson(column) || (column.type === 'VARCHAR' && WITH_PARTS.has(base.kind))) return carried(jsonImage(spec, v));
  if (type.kind !== 'scalar') return carried(nestedImage(spec, type, v));
  if (base.kind === 'bigint') return { sql: `${v}::HUGEINT` };
  if (base.kind === 'number') return { sql: doubleOf(column, v) };
  if (family === 'text' || family === 'time') return { sql: text(`${v}::VARCHAR`) };
  // As DOUBLE they travel faster than as BIGINT, and exactly so.
  if (family === 'date' || family === 'timestamp' || family === 'timestamptz')
    return { sql: `CAST(${millisOf(v)} AS DOUBLE)`, read: dateOfMillis };
  return carried(typedImage(base, column, v));
}

/** An image of one value, as it is made for zod. */
function carried(image: Image): Read {
  const [sql = ''] = image.select;
  return { sql, read: (value) => image.read([value]) };
}

// The driver strips a leading U+FEFF from what it hands over: where there is one, it gets another to strip.
function text(sql: string): string {
  return `CASE WHEN starts_with(${sql}, chr(65279)) THEN chr(65279) || ${sql} ELSE ${sql} END`;
}
