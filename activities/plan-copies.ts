import type { SourceTable } from '../src/connectors/contract.js';
import { TerminalError } from '../src/core/errors.js';
import type { DiscoveredTable, DiscoverStepInput } from '../src/core/steps.js';
import { parseTablePattern, type TablePattern } from '../src/core/table-patterns.js';

/** Two steps a table, and room below the number of steps that a run may have. */
export const MAX_TABLES = 900;

/** The list becomes part of a history, of which one payload has at most 2 MiB. */
const MAX_BYTES = 200_000;

const MAX_NAMED = 20;

/** What is known of where the tables go. */
export interface CopyTarget {
  readonly targetFor: (table: { readonly schema: string; readonly table: string }) => string;
  /** The tables that are there already. */
  readonly existing: readonly SourceTable[];
  /** Whether it is the very database that the tables come from. */
  readonly isSource: boolean;
}

export interface CopyPlan {
  /** The largest first, so that the end of the work is not one long table. */
  readonly tables: readonly DiscoveredTable[];
  /** The schemas that their targets lie in. */
  readonly schemas: readonly string[];
}

type Wanted = Pick<DiscoverStepInput, 'from' | 'to' | 'tables' | 'exclude' | 'mode' | 'schema'>;

/**
 * Chooses tables by the patterns and says how each is copied.
 *
 * @throws TerminalError TABLE_MISSING for a pattern that nothing matches; OPTION_INVALID for tables that would go into one
 * target, or onto themselves; TABLES_TOO_MANY
 */
export function planCopies(wanted: Wanted, found: readonly SourceTable[], target: CopyTarget): CopyPlan {
  const chosen = choose(wanted, found);
  const existing = new Map(target.existing.map((table) => [target.targetFor(table), table]));
  const copies = chosen
    .toSorted((a, b) => b.bytes - a.bytes)
    .map((table) => {
      const schema = wanted.schema ?? table.schema;
      const name = target.targetFor({ schema, table: table.table });
      return { table, schema, name, copy: copyOf(wanted, table, name, existing.get(name)) };
    });
  refuseSharedTargets(wanted, copies);
  if (target.isSource) refuseOntoItself(wanted, copies);
  const tables = copies.map(({ copy }) => copy);
  if (Buffer.byteLength(JSON.stringify(tables)) > MAX_BYTES) throw tooMany(wanted, tables.length);
  const schemas = copies.filter(({ copy }) => copy.problem === undefined).map(({ schema }) => schema);
  return { tables, schemas: [...new Set(schemas)].toSorted() };
}

function choose(wanted: Wanted, found: readonly SourceTable[]): SourceTable[] {
  const include = wanted.tables.map(parseTablePattern);
  const exclude = wanted.exclude.map(parseTablePattern);
  const unmatched = (pattern: TablePattern): boolean => !found.some((table) => pattern.matches(table));
  const missing = include.find(unmatched);
  if (missing) throw matchesNothing(wanted.from, `The pattern "${missing.text}" matches`, found);
  // A name that is wrong here would copy what was meant to stay.
  const misspelt = exclude.find((pattern) => pattern.isExact && unmatched(pattern));
  if (misspelt) throw matchesNothing(wanted.from, `The name "${misspelt.text}" in \`exclude\` is that of`, found);
  const chosen = found.filter(
    (table) => include.some((pattern) => pattern.matches(table)) && !exclude.some((pattern) => pattern.matches(table)),
  );
  if (chosen.length === 0) throw matchesNothing(wanted.from, 'With `exclude`, the patterns match', found);
  if (chosen.length > MAX_TABLES) throw tooMany(wanted, chosen.length);
  return chosen;
}

function copyOf(wanted: Wanted, source: SourceTable, target: string, existing: SourceTable | undefined): DiscoveredTable {
  const computed = new Set(existing?.columns.flatMap(({ name, generated }) => (generated ? [name] : [])));
  // The target computes these by itself, from columns that it gets.
  const columns = source.columns.filter(({ name }) => !computed.has(name)).map(({ name }) => name);
  const { name: table, key, rows, bytes } = source;
  const problem = problemOf(wanted, source, columns);
  return {
    table,
    target,
    key,
    rows,
    bytes,
    ...(columns.length < source.columns.length && { columns }),
    ...(problem !== undefined && { problem }),
  };
}

function problemOf({ from, mode }: Wanted, source: SourceTable, columns: readonly string[]): string | undefined {
  if (columns.length === 0) return 'It has no columns that could be loaded. Leave it out by `exclude`.';
  if (mode !== 'merge' || source.key.length > 0) return undefined;
  return `It has no primary key, and no unique key without nulls, in connection "${from}", so that its rows cannot be merged. Give it one, or leave it out by \`exclude\` and copy it in mode "replace".`;
}

interface Copy {
  readonly table: SourceTable;
  readonly name: string;
}

function refuseSharedTargets({ to }: Wanted, copies: readonly Copy[]): void {
  const taken = new Map<string, SourceTable>();
  for (const { table, name } of copies) {
    const first = taken.get(name);
    if (first) {
      throw new TerminalError(
        'OPTION_INVALID',
        `${first.name} and ${table.name} would both be copied into ${name} in connection "${to}". Leave one out, or give them different schemas in two runs.`,
      );
    }
    taken.set(name, table);
  }
}

function refuseOntoItself({ from, to }: Wanted, copies: readonly Copy[]): void {
  const same = copies.find(({ table, name }) => table.name === name);
  if (!same) return;
  throw new TerminalError(
    'OPTION_INVALID',
    `The connections "${from}" and "${to}" are one database, so ${same.name} would be copied onto itself. Give another \`schema\` for the targets, or another connection.`,
  );
}

function matchesNothing(from: string, what: string, found: readonly SourceTable[]): TerminalError {
  const names = found.slice(0, MAX_NAMED).map(({ name }) => name);
  const others = found.length > MAX_NAMED ? ` and ${found.length - MAX_NAMED} others` : '';
  const known = found.length === 0 ? 'It has no tables' : `It has: ${names.join(', ')}${others}`;
  return new TerminalError(
    'TABLE_MISSING',
    `${what} no table of connection "${from}". ${known}. Correct it; views, and partitions of tables, are not listed, and case counts.`,
  );
}

function tooMany({ from, tables }: Wanted, count: number): TerminalError {
  return new TerminalError(
    'TABLES_TOO_MANY',
    `${tables.join(', ')} match ${count} tables of connection "${from}"; one run copies at most ${MAX_TABLES}, and fewer where names are long. Split them into several runs by narrower patterns.`,
  );
}
