import { quoteIdentifier } from '../../../core/filter.js';
import { KIND, type Member, type Shape } from './shape.js';

/** How one key of the records becomes a column. */
export interface JsonColumn {
  readonly name: string;
  readonly type: string;
  /** Whether DuckDB's JSON reader would change a number in it, so that its values are handed over as text. */
  readonly asText: boolean;
}

/** DuckDB's widest decimal. */
const MAX_DIGITS = 38;

const { string: STRING, boolean: BOOLEAN, integer: INTEGER, fraction: FRACTION, object: OBJECT, array: ARRAY } = KIND;

/** The column for a key: the narrowest type that holds every value exactly, JSON where there is none. */
export function columnOf({ name, shape }: Member): JsonColumn {
  if (!losesNumbers(shape)) return { name, type: typeOf(shape), asText: false };
  const isNumber = (shape.kinds & ~(INTEGER | FRACTION)) === 0;
  const type = isNumber && shape.digits + shape.scale <= MAX_DIGITS ? `DECIMAL(${MAX_DIGITS},${shape.scale})` : 'JSON';
  return { name, type, asText: true };
}

/** The type of a place at which doubles are exact. */
function typeOf(shape: Shape): string {
  if (shape.isDeep) return 'JSON';
  switch (shape.kinds) {
    case STRING:
      return 'VARCHAR';
    case BOOLEAN:
      return 'BOOLEAN';
    case INTEGER:
      if (!shape.isWide) return 'BIGINT';
      return shape.digits <= MAX_DIGITS ? `DECIMAL(${MAX_DIGITS},0)` : 'JSON';
    case FRACTION:
    case FRACTION | INTEGER:
      return 'DOUBLE';
    case ARRAY:
      return `${shape.element ? typeOf(shape.element) : 'JSON'}[]`;
    case OBJECT:
      return objectType(shape);
    default:
      return 'JSON';
  }
}

// DuckDB tells names apart without their case, ends them at a NUL, and has no structure without fields.
function objectType({ members, values }: Shape): string {
  if (values) return `MAP(VARCHAR, ${typeOf(values)})`;
  const names = new Set(members.map(({ name }) => name.toLowerCase()));
  if (members.length === 0 || names.size < members.length || names.has('')) return 'JSON';
  if (members.some(({ name }) => name.includes('\0'))) return 'JSON';
  return `STRUCT(${members.map(({ name, shape }) => `${quoteIdentifier(name)} ${typeOf(shape)}`).join(', ')})`;
}

/** Whether a number here or below is changed when it is read as a double. */
function losesNumbers(shape: Shape): boolean {
  const { kinds, members, values, element } = shape;
  if (shape.losesFraction || (shape.losesInteger && (kinds & FRACTION) !== 0 && !isMixed(kinds))) return true;
  return [...members.map((member) => member.shape), values, element].some((below) => below !== undefined && losesNumbers(below));
}

// In a JSON column an integer stays an integer, whatever is beside it.
function isMixed(kinds: number): boolean {
  return (kinds & ~(INTEGER | FRACTION)) !== 0;
}
