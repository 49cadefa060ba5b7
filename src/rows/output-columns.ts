import type { Contract } from '../config/contract.js';
import { checkOutput, columnSpecs, contractColumns } from '../contracts/columns.js';
import { outputBase } from '../contracts/introspect.js';
import type { ColumnSpec } from '../contracts/rules.js';
import { familyOf } from '../contracts/types.js';
import type { Column } from '../core/dataset.js';
import { TerminalError } from '../core/errors.js';

/** How a property of the rows becomes a column, and what it may hold. */
export interface OutputColumn {
  /** Name, type and nullability in the dataset. */
  readonly column: Column;
  readonly write: 'text' | 'isoDate' | 'isoDatetime' | 'number' | 'integer' | 'bigint' | 'boolean' | 'date' | 'json' | 'any';
  /** Of whole numbers: the first and the last that the column can hold. */
  readonly range?: readonly [first: number | bigint, last: number | bigint];
  /** What it may hold, in words for a message. */
  readonly wants: string;
  /** The type of what travels. */
  readonly wireType: string;
  /** SQL of the dataset's value, over a column of that type. */
  readonly fromWire: (wire: string) => string;
}

/** Whether a row may only have keys that the contract names. */
export function isStrict(contract: Contract): boolean {
  return contract.schema._zod.def.catchall?._zod.def.type === 'never';
}

/**
 * How the rows of a function become the columns of its output's contract.
 *
 * @throws TerminalError TRANSFORM_OUTPUT when the contract keeps columns that it does not name
 */
export function outputColumns(contract: Contract, transform: string): OutputColumn[] {
  if (contract.schema._zod.def.catchall !== undefined && !isStrict(contract)) {
    throw new TerminalError(
      'TRANSFORM_OUTPUT',
      `The output contract of transform "${transform}" is a loose object. The columns of a function's rows have to be named: use z.object.`,
    );
  }
  const columns = checkOutput(contract, contractColumns(contract), `transform "${transform}"`);
  const specs = columnSpecs(contract);
  return columns.map((column, index) => {
    const write = kindOf(column.type, outputBase((specs[index] as ColumnSpec).schema).kind);
    const fromWire = (wire: string): string => castFromWire(write, wire, column.type);
    return { column, write, wireType: WIRE_TYPES[write], fromWire, ...LIMITS[write](column.type) };
  });
}

type Kind = OutputColumn['write'];

function kindOf(type: string, base: string): Kind {
  const family = familyOf(type);
  if (type === 'JSON' || family === 'other') return 'json';
  if (base === 'date' || base === 'bigint') return base;
  if (family === 'text') return base === 'string' ? 'text' : 'any';
  if (family === 'date') return 'isoDate';
  if (family === 'timestamp' || family === 'timestamptz') return 'isoDatetime';
  if (family === 'boolean') return 'boolean';
  return type === 'INTEGER' || type === 'BIGINT' ? 'integer' : 'number';
}

const RANGES: Readonly<Record<string, readonly [number | bigint, number | bigint]>> = {
  INTEGER: [-2147483648, 2147483647],
  BIGINT: [-(2n ** 63n), 2n ** 63n - 1n],
  'DECIMAL(38,0)': [1n - 10n ** 38n, 10n ** 38n - 1n],
};

const LIMITS: Readonly<Record<Kind, (type: string) => Pick<OutputColumn, 'wants' | 'range'>>> = {
  text: () => ({ wants: 'a text' }),
  any: () => ({ wants: 'a text, a number, a boolean or a bigint' }),
  isoDate: () => ({ wants: 'a date as text, 2001-02-03' }),
  isoDatetime: () => ({ wants: 'a moment as text, 2001-02-03T04:05:06.123456Z' }),
  number: () => ({ wants: 'a finite number' }),
  integer: (type) => ({
    wants: 'a whole number',
    range: type === 'INTEGER' ? RANGES['INTEGER'] : [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  }),
  bigint: (type) => ({ wants: 'a bigint', range: RANGES[type] ?? RANGES['DECIMAL(38,0)'] }),
  boolean: () => ({ wants: 'true or false' }),
  date: () => ({ wants: 'a Date' }),
  json: (type) => ({ wants: `a value that fits ${type}` }),
};

const WIRE_TYPES: Readonly<Record<Kind, string>> = {
  text: 'VARCHAR',
  any: 'VARCHAR',
  isoDate: 'VARCHAR',
  isoDatetime: 'VARCHAR',
  number: 'DOUBLE',
  integer: 'DOUBLE',
  bigint: 'HUGEINT',
  boolean: 'BOOLEAN',
  date: 'DOUBLE',
  json: 'VARCHAR',
};

function castFromWire(kind: Kind, column: string, type: string): string {
  if (kind === 'json' && type !== 'VARCHAR' && type !== 'JSON') return `CAST(CAST(${column} AS JSON) AS ${type})`;
  if (kind === 'date') return `CAST(make_timestamptz(CAST(${column} AS BIGINT) * 1000) AS ${type})`;
  return `CAST(${column} AS ${type})`;
}
