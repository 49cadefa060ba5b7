import type { Contract } from '../config/contract.js';
import type { Column } from '../core/dataset.js';
import { quoteIdentifier } from '../core/filter.js';
import { mayChange } from './checks.js';
import { columnConditions, compileColumn, type CompiledColumn } from './compile-column.js';
import { columnSpecs, extraSpecs } from './columns.js';
import { extrasOf } from './introspect.js';
import { versionOf } from './schema.js';
import { allOf } from './sql-text.js';
import { plainNumbers } from './text-values.js';
import { PROVEN_ZOD } from '../core/proven-zod.js';

/** Prefix of the columns that judging adds; no contract may name one so. */
export const INTERNAL = '__millrace_';

const PLAIN = `${INTERNAL}plain`;

/** A row's standing after SQL. */
export const STATUS = { accepted: 0, rejected: 1, undecided: 2, forZod: 3 } as const;

/** A contract over the columns of one input, in SQL. */
export interface Compiled {
  readonly contract: Contract;
  readonly inputs: readonly Column[];
  readonly isText: boolean;
  readonly columns: readonly CompiledColumn[];
  /** Columns of accepted rows. */
  readonly output: readonly Column[];
  readonly rules: readonly CompiledRule[];
  /** Keys that a strict contract does not know: each row is rejected for them. */
  readonly unknownKeys: readonly string[];
  /** Why rows that SQL lets through go to zod: column and cause. Empty when SQL judges all. */
  readonly uncompiled: readonly string[];
  /** Columns with a pattern that DuckDB has refused; see {@link leavingRefused}. */
  readonly refused: readonly string[];
  /** Whether zod may change values, so that what it gives back is written. */
  readonly changes: boolean;
  /** What an operator should know: once a step. */
  readonly warnings: readonly string[];
}

export interface CompiledRule {
  readonly name: string;
  readonly sql: string;
}

/** Compiles a contract for the columns of an input; `isText` says that all of them are CSV text. */
export function compile(contract: Contract, inputs: readonly Column[], isText: boolean): Compiled {
  const foreign = versionOf(contract.schema) !== PROVEN_ZOD;
  const checks = contract.schema._zod.def.checks ?? [];
  const changesRows = checks.some(mayChange);
  const specs = [...columnSpecs(contract), ...extraSpecs(contract, inputs)].map((spec) => ({
    ...spec,
    opaque: spec.opaque || foreign,
    changes: spec.changes || changesRows,
  }));
  const columns = specs.map((spec, index) => {
    const at = inputs.findIndex((input) => input.name === spec.name);
    const names = { raw: at < 0 ? 'NULL' : rawName(at), value: `${INTERNAL}v${index}`, plain: PLAIN };
    return compileColumn(spec, inputs[at], isText, names);
  });
  const known = new Set(specs.map((spec) => spec.name));
  return {
    contract,
    inputs,
    isText,
    columns,
    output: columns.map((column) => column.output),
    // A rule that cannot be computed for a row, as a cast that fails, is broken; it must not stop the step.
    rules: Object.entries(contract.rules).map(([name, rule]) => ({ name, sql: `TRY((${rule.text})::BOOLEAN)` })),
    unknownKeys:
      extrasOf(contract.schema._zod.def.catchall) === 'strict'
        ? inputs.map((input) => input.name).filter((name) => !known.has(name))
        : [],
    uncompiled: [
      ...columns.flatMap(({ spec }) => (spec.uncompiled === undefined ? [] : [`${spec.name}: ${spec.uncompiled}`])),
      ...(checks.length > 0 ? ['the whole row: refine'] : []),
      ...(foreign ? [`zod ${versionOf(contract.schema)}`] : []),
    ],
    refused: [],
    changes: changesRows || columns.some(({ spec }) => spec.changes),
    warnings: foreign
      ? [
          `The contract was made with zod ${versionOf(contract.schema)}; only ${PROVEN_ZOD} is compiled to SQL, so every row goes through zod.`,
        ]
      : [],
  };
}

/** The same contract with columns left to zod whose patterns DuckDB refuses. */
export function leavingRefused(compiled: Compiled, refused: readonly string[]): Compiled {
  const cause = 'a pattern that DuckDB refuses';
  const columns = compiled.columns.map((column) => {
    const isLeft = refused.includes(column.spec.name) && column.spec.uncompiled === undefined;
    return isLeft ? { ...column, spec: { ...column.spec, uncompiled: cause } } : column;
  });
  const known = new Set(compiled.columns.filter(({ spec }) => spec.uncompiled !== undefined).map(({ spec }) => spec.name));
  const more = refused.filter((name) => !known.has(name)).map((name) => `${name}: ${cause}`);
  return { ...compiled, columns, refused, uncompiled: [...compiled.uncompiled, ...more] };
}

export function rawName(index: number): string {
  return `${INTERNAL}r${index}`;
}

/**
 * The rows of `source` with their values and results: a SELECT that adds `__millrace_v0` … and the contract's own columns.
 *
 * @param source a SELECT that gives each input column as `__millrace_r0` …, and whatever else `carried` names
 */
export function valuesSelect(compiled: Compiled, source: string, carried: readonly string[]): string {
  const raws = compiled.inputs.map((_, index) => rawName(index));
  const values = compiled.columns.map((column) => `${column.value} AS ${column.names.value}`);
  const inner = `SELECT ${[...carried, ...raws, ...values].join(', ')} FROM (SELECT *, ${plainOf(compiled)} AS ${PLAIN} FROM (${source}))`;
  const results = compiled.columns.map((column) => `${column.result} AS ${quoteIdentifier(column.output.name)}`);
  const kept = [...carried, ...raws, ...compiled.columns.map((column) => column.names.value)];
  return `SELECT ${[...kept, ...results].join(', ')} FROM (${inner})`;
}

function plainOf({ columns }: Compiled): string {
  const raws = (cast: string): string[] =>
    columns.filter((column) => column.plainCast === cast).map((column) => column.names.raw);
  const [wholes, others] = [raws('BIGINT'), raws('DOUBLE')];
  return wholes.length + others.length === 0 ? 'TRUE' : plainNumbers(wholes, others);
}

/** SQL of a row's {@link STATUS}, over the columns of {@link valuesSelect}. */
export function statusOf(compiled: Compiled): string {
  const conditions = compiled.columns.map(columnConditions);
  const rules = compiled.changes ? [] : compiled.rules.map((rule) => rule.sql);
  const known = compiled.unknownKeys.length > 0 ? ['FALSE'] : [];
  const pass = [...known, ...conditions.flatMap((each) => each.pass), ...rules];
  const open = [...known, ...conditions.flatMap((each) => each.open), ...rules];
  const passed = compiled.uncompiled.length > 0 ? STATUS.forZod : STATUS.accepted;
  const undecided = isEverUndecided(compiled) ? ` WHEN ${allOf(open)} THEN ${STATUS.undecided}` : '';
  return `CAST(CASE WHEN ${allOf(pass)} THEN ${passed}${undecided} ELSE ${STATUS.rejected} END AS TINYINT)`;
}

export function isEverUndecided(compiled: Compiled): boolean {
  return compiled.columns.some((column) => column.predicates.some((predicate) => predicate.undecided !== undefined));
}
