import type { TransformInputs } from '../config/transform-inputs.js';
import { contractColumns } from '../contracts/columns.js';
import type { Column } from '../core/dataset.js';

/** Types in which data may meet a contract, beside the contract's own: a narrow one and a wide one for each. */
const OTHERS: Readonly<Record<string, readonly [narrow: string, wide: string]>> = {
  BIGINT: ['INTEGER', 'DECIMAL(18,0)'],
  DOUBLE: ['BIGINT', 'DECIMAL(18,3)'],
  'TIMESTAMP WITH TIME ZONE': ['DATE', 'TIMESTAMP'],
};

/**
 * The columns of a contract in the types that they may have after `validate`, which keeps the types of its input: a
 * `z.date()` is a DATE, a TIMESTAMP or one with a time zone. The contract's own types come first.
 */
export function columnVariants(columns: readonly Column[]): (readonly Column[])[] {
  if (!columns.some(({ type }) => type in OTHERS)) return [columns];
  const variant = (at: 0 | 1): Column[] =>
    columns.map((column) => ({ ...column, type: OTHERS[column.type]?.[at] ?? column.type }));
  return [columns, variant(0), variant(1)];
}

/** The columns of several inputs in the types that they may have, all at once: the contracts' own first. */
export function inputVariants(inputs: TransformInputs): Readonly<Record<string, readonly Column[]>>[] {
  const tables = Object.entries(inputs).map(([name, contract]) => [name, columnVariants(contractColumns(contract))] as const);
  const count = Math.max(1, ...tables.map(([, variants]) => variants.length));
  return Array.from({ length: count }, (_, at) =>
    Object.fromEntries(tables.map(([name, variants]) => [name, (variants[at] ?? variants[0]) as readonly Column[]])),
  );
}
