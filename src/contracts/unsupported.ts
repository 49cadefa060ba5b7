import type { Contract } from '../config/contract.js';
import { TerminalError } from '../core/errors.js';
import { partsOf } from './schema-parts.js';
import { definitionOf, type Schema } from './schema.js';

/** What no column can hold, and what to write instead. */
const REMEDIES: Readonly<Record<string, string>> = {
  function: 'Leave it out: a row holds data only',
  promise: 'Use the schema of the value itself; refinements may be asynchronous',
  symbol: 'Use z.string() or z.enum()',
  map: 'Use z.record(), for which a column of type MAP, STRUCT or JSON serves',
  set: 'Use z.array(), with a refinement where elements must differ',
  file: 'Use z.string() for a path, and read the file in a transform',
  instanceof: 'Use z.date() for dates, and z.object() with the fields of the class for all others',
};

/**
 * Parts of a contract that no column can hold, each with the way out; empty for a sound contract.
 *
 * @example `"place.seen": z.set() is no data. Use z.array(), …`
 */
export function unsupportedParts(contract: Contract): string[] {
  const found: string[] = [];
  const { shape, catchall } = contract.schema._zod.def;
  for (const [name, schema] of Object.entries(shape)) look(schema, name, found, new Set());
  if (catchall) look(catchall, '*', found, new Set());
  return [...found, ...twins(Object.keys(shape))];
}

// DuckDB would read the one where the other is meant.
function twins(names: readonly string[]): string[] {
  const seen = new Map<string, string>();
  return names.flatMap((name) => {
    const twin = seen.get(name.toLowerCase());
    seen.set(name.toLowerCase(), name);
    return twin === undefined ? [] : [`"${twin}" and "${name}" differ only in the case of their letters. Rename one`];
  });
}

/**
 * Refuses a contract that speaks of what no column can hold.
 *
 * @throws TerminalError CONTRACT_UNSUPPORTED naming the contract, the columns and the way out
 */
export function refuseUnsupported(contract: Contract, name: string): void {
  const parts = unsupportedParts(contract);
  if (parts.length === 0) return;
  throw new TerminalError('CONTRACT_UNSUPPORTED', `Contract "${name}" cannot be a table. ${parts.join('. ')}.`, {
    contract: name,
  });
}

function look(schema: Schema, path: string, found: string[], seen: Set<Schema>): void {
  if (seen.has(schema)) return;
  seen.add(schema);
  const kind = kindOf(schema);
  const remedy = REMEDIES[kind];
  if (remedy !== undefined) found.push(`"${path}": z.${kind}() is no data. ${remedy}`);
  else for (const [step, part] of partsOf(schema)) look(part, step === '' ? path : `${path}.${step}`, found, seen);
}

function kindOf(schema: Schema): string {
  const { type } = definitionOf(schema);
  return type === 'custom' && 'Class' in schema._zod.bag ? 'instanceof' : type;
}
