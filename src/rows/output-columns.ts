import type { Contract } from '../config/contract.js';
import { checkOutput, columnSpecs, contractColumns, isNullable } from '../contracts/columns.js';
import { outputBase } from '../contracts/introspect.js';
import { familyOf } from '../contracts/types.js';
import type { Column } from '../core/dataset.js';
import { TerminalError } from '../core/errors.js';
import { quoteIdentifier } from '../core/filter.js';
import type { OutputColumn } from './plan.js';

/** How rows are written: through a table of plain types, from which SQL makes the dataset's columns. */
export interface OutputWriting {
  readonly plan: readonly OutputColumn[];
  /** Whether a row with a key that the contract does not name is refused. */
  readonly strict: boolean;
  /** The dataset's columns, in the contract's order. */
  readonly columns: readonly Column[];
  /** Types of the table that takes the values as they travel. */
  readonly wireTypes: readonly string[];
  /** SQL over that table, whose columns are `c0`, `c1` …, for each of the dataset's columns. */
  readonly select: readonly string[];
}

/**
 * How the rows of a function become the columns of its output's contract.
 *
 * @throws TerminalError TRANSFORM_OUTPUT when the contract keeps columns that it does not name
 */
export function writeOutput(contract: Contract, transform: string): OutputWriting {
  const { catchall } = contract.schema._zod.def;
  const strict = catchall?._zod.def.type === 'never';
  if (catchall !== undefined && !strict) {
    throw new TerminalError(
      'TRANSFORM_OUTPUT',
      `The output contract of transform "${transform}" is a loose object. The columns of a function's rows have to be named: use z.object.`,
    );
  }
  const columns = checkOutput(contract, contractColumns(contract), `transform "${transform}"`);
  const specs = columnSpecs(contract);
  const writes = columns.map((column, index) => {
    const spec = specs[index] as (typeof specs)[number];
    const kind = kindOf(column.type, outputBase(spec.schema).kind);
    const plan = { name: column.name, required: !isNullable(spec), ...WRITES[kind](column.type) } satisfies OutputColumn;
    return { plan, wire: WIRE_TYPES[kind], sql: fromWire(kind, `c${index}`, column.type) };
  });
  return {
    plan: writes.map(({ plan }) => plan),
    strict,
    columns,
    wireTypes: writes.map(({ wire }) => wire),
    select: writes.map(({ sql }, index) => `${sql} AS ${quoteIdentifier((columns[index] as Column).name)}`),
  };
}

type Kind = OutputColumn['write'];

function kindOf(type: string, base: string): Kind {
  const family = familyOf(type);
  if (base === 'any') return type === 'JSON' ? 'json' : 'any';
  if (base === 'date') return 'date';
  if (base === 'bigint') return 'bigint';
  if (['string', 'values', 'stringbool'].includes(base) && family === 'text') return base === 'values' ? 'any' : 'text';
  if (family === 'date') return 'isoDate';
  if (family === 'timestamp' || family === 'timestamptz') return 'isoDatetime';
  if (family === 'boolean') return 'boolean';
  if (family === 'integer') return type.includes('HUGEINT') ? 'bigint' : 'integer';
  if (family === 'float' || family === 'decimal') return 'number';
  return family === 'text' && base === 'string' ? 'text' : 'json';
}

const RANGES: Readonly<Record<string, readonly [number | bigint, number | bigint]>> = {
  INTEGER: [-2147483648, 2147483647],
  BIGINT: [-(2n ** 63n), 2n ** 63n - 1n],
  'DECIMAL(38,0)': [1n - 10n ** 38n, 10n ** 38n - 1n],
};

const WRITES: Readonly<Record<Kind, (type: string) => Pick<OutputColumn, 'write' | 'wants' | 'range'>>> = {
  text: () => ({ write: 'text', wants: 'a text' }),
  any: () => ({ write: 'any', wants: 'a text, a number, a boolean or a bigint' }),
  isoDate: () => ({ write: 'isoDate', wants: 'a date as text, 2001-02-03' }),
  isoDatetime: () => ({ write: 'isoDatetime', wants: 'a moment as text, 2001-02-03T04:05:06.123456Z' }),
  number: () => ({ write: 'number', wants: 'a finite number' }),
  integer: (type) => ({
    write: 'integer',
    wants: 'a whole number',
    range: type === 'INTEGER' ? RANGES['INTEGER'] : [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  }),
  bigint: (type) => ({ write: 'bigint', wants: 'a bigint', range: RANGES[type] ?? RANGES['DECIMAL(38,0)'] }),
  boolean: () => ({ write: 'boolean', wants: 'true or false' }),
  date: () => ({ write: 'date', wants: 'a Date' }),
  json: (type) => ({ write: 'json', wants: `a value that fits ${type}` }),
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

function fromWire(kind: Kind, column: string, type: string): string {
  if (kind === 'json' && type !== 'VARCHAR' && type !== 'JSON') return `CAST(CAST(${column} AS JSON) AS ${type})`;
  if (kind === 'date') return `CAST(make_timestamptz(CAST(${column} AS BIGINT) * 1000) AS ${type})`;
  return `CAST(${column} AS ${type})`;
}
