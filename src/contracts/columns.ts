import type { Contract } from '../config/contract.js';
import type { Column } from '../core/dataset.js';
import { TerminalError } from '../core/errors.js';
import { nearName } from '../core/near-name.js';
import { extrasOf, introspectColumn, outputBase } from './introspect.js';
import { isEmptyComposite } from './empty.js';
import { isNestedType, parseType } from './duck-type.js';
import { canonicalType, fits, isJson, isNestedBase, keptType } from './nested-types.js';
import { describeBase, familyOf, holds, isNumericText, WIDE_INTEGER } from './types.js';
import type { ColumnSpec } from './rules.js';
import { refuseUnsupported } from './unsupported.js';

/** The columns of a contract, taken apart, in the contract's order. */
export function columnSpecs(contract: Contract): ColumnSpec[] {
  return Object.entries(contract.schema._zod.def.shape).map(([name, schema]) => introspectColumn(name, schema));
}

/** Columns that the contract does not name and yet keeps, judged by its catchall; `looseObject` keeps all. */
export function extraSpecs(contract: Contract, columns: readonly Column[]): ColumnSpec[] {
  const catchall = contract.schema._zod.def.catchall;
  if (catchall === undefined || extrasOf(contract.schema._zod.def.catchall) !== 'keep') return [];
  const named = contract.schema._zod.def.shape;
  return columns.filter((column) => !(column.name in named)).map((column) => extraSpec(introspectColumn(column.name, catchall)));
}

// A key without a value is none, so that nothing is asked of it.
function extraSpec(spec: ColumnSpec): ColumnSpec {
  return { ...spec, required: false, empty: spec.acceptsNull ? spec.empty : { kind: 'accept' } };
}

/** The contract's columns as they are when nothing but the contract decides: name, canonical type, nullability. */
export function contractColumns(contract: Contract): Column[] {
  return columnSpecs(contract).map((spec) => ({
    name: spec.name,
    type: canonicalType(outputBase(spec.schema)),
    nullable: isNullable(spec),
  }));
}

/** Whether an accepted row may have no value in the column. */
export function isNullable(spec: ColumnSpec): boolean {
  return spec.empty.kind === 'accept' || (spec.caught !== undefined && (spec.caught.value ?? null) === null);
}

/** The type of a column after validation: the input's own where it fits, else the contract's. */
export function outputColumn(spec: ColumnSpec, input: Column | undefined, isText: boolean): Column {
  const base = outputBase(spec.schema);
  const { name } = spec;
  const nullable = isNullable(spec);
  const canonical = { name, type: canonicalType(base), nullable };
  if (input === undefined || isText || !fits(base, input) || !holdsConstants(spec, input)) return canonical;
  // Changed text may be no member of an ENUM, and no UUID.
  if (input.type !== 'VARCHAR' && spec.checks.some((check) => check.kind === 'change')) return canonical;
  if (isNestedBase(base) && !isJson(input)) return { name, type: keptType(spec, parseType(input.type)), nullable };
  const sourceType = input.sourceType === undefined ? {} : { sourceType: input.sourceType };
  return { name, type: input.type, nullable, ...sourceType };
}

// What takes the place of a missing or refused value must find room in the type.
function holdsConstants(spec: ColumnSpec, input: Column): boolean {
  const values = [...(spec.empty.kind === 'default' ? [spec.empty.value] : []), ...(spec.caught ? [spec.caught.value] : [])];
  return values.every(
    (value) => (value ?? null) === null || isEmptyComposite(value) || isNumericText(input) || holds(input.type, value),
  );
}

/** DuckDB numbers the rows of a Parquet file in a column of this name, and reads none that has one already. */
const ROW_NUMBER = 'file_row_number';

/** Where columns were found, for the message. */
export interface ColumnsPlace {
  readonly contract: string;
  readonly dataset: string;
  /** A CSV file whose header the columns are: then every type is text and only names are compared. */
  readonly file?: string;
}

/**
 * Refuses columns that a contract cannot judge: required ones that are missing, and types that can never hold what the
 * contract speaks of.
 *
 * @throws TerminalError CONTRACT_UNSUPPORTED; CONTRACT_COLUMNS; FILE_HEADER for a CSV file that lacks a required column
 */
export function checkColumns(contract: Contract, columns: readonly Column[], place: ColumnsPlace): void {
  refuseUnsupported(contract, place.contract);
  const specs = columnSpecs(contract);
  const names = columns.map((column) => column.name);
  const missing = specs.filter((spec) => spec.required && !names.includes(spec.name)).map((spec) => spec.name);
  if (missing.length > 0) throw missingColumns(missing, names, specs, place);
  const read = place.file === undefined ? names : names.filter((name) => specs.some((spec) => spec.name === name));
  const wrong = place.file === undefined ? specs.flatMap((spec) => unjudgeable(spec, columns)) : [];
  const taken = read.find((name) => name.toLowerCase() === ROW_NUMBER);
  if (taken !== undefined) wrong.push(`"${taken}" is the name under which rows are numbered: give the column another one`);
  const unknowable = specs.filter((spec) => spec.changes && outputBase(spec.schema).kind === 'other');
  for (const spec of unknowable) {
    wrong.push(`"${spec.name}" is made by a function whose result has no declared type: end it with .pipe(schema of the result)`);
  }
  if (wrong.length === 0) return;
  throw new TerminalError(
    'CONTRACT_COLUMNS',
    `Contract "${place.contract}" cannot judge dataset "${place.dataset}": ${wrong.join('; ')}. Change the contract, or convert the columns in a transform or in the extract's query.`,
    { contract: place.contract, dataset: place.dataset },
  );
}

function unjudgeable(spec: ColumnSpec, columns: readonly Column[]): string[] {
  const column = columns.find((each) => each.name === spec.name);
  // A column of JSON may hold values of any kind: zod judges each, and what it accepts gets the contract's type.
  if (!column || column.type === 'JSON' || spec.changes || spec.coerce || spec.caught || fits(spec.base, column)) return [];
  return [`"${spec.name}" is ${column.type}, the contract wants ${describeBase(spec.base)}`];
}

function missingColumns(
  missing: readonly string[],
  found: readonly string[],
  specs: readonly ColumnSpec[],
  place: ColumnsPlace,
): TerminalError {
  const wanted = missing.map((name) => `"${name}"${suggestion(name, found)}`).join(', ');
  const details = { contract: place.contract, dataset: place.dataset, missing: missing.join(', ') };
  if (place.file !== undefined) {
    const needed = specs.filter((spec) => spec.required).map((spec) => spec.name);
    return new TerminalError(
      'FILE_HEADER',
      `The header of ${place.file} lacks ${wanted}. It has: ${found.join(', ') || 'nothing'}. Contract "${place.contract}" needs: ${needed.join(', ')}. Correct the header or the contract.`,
      details,
    );
  }
  return new TerminalError(
    'CONTRACT_COLUMNS',
    `Dataset "${place.dataset}" lacks ${wanted}, which contract "${place.contract}" needs. It has: ${found.join(', ') || 'no columns'}. Correct the source's columns or the contract.`,
    details,
  );
}

/**
 * The columns in which a transform's result is kept, in the contract's order: its own types where they fit, the contract's
 * for integers wider than 64 bits, which no destination holds.
 *
 * @throws TerminalError TRANSFORM_OUTPUT listing what is missing, extra and of a wrong type
 */
export function checkOutput(contract: Contract, columns: readonly Column[], transform = 'the transform'): Column[] {
  const specs = columnSpecs(contract);
  const names = columns.map((column) => column.name);
  const wrong: string[] = [];
  const problems = specs.flatMap((spec) => {
    const column = columns.find((each) => each.name === spec.name);
    if (!column) return [`missing: "${spec.name}"${suggestion(spec.name, names)}`];
    if (!fits(outputBase(spec.schema), column)) wrong.push(spec.name);
    return fits(outputBase(spec.schema), column)
      ? []
      : [`wrong type: "${spec.name}" is ${column.type}, the contract wants ${describeBase(outputBase(spec.schema))}`];
  });
  const extra =
    extrasOf(contract.schema._zod.def.catchall) === 'keep'
      ? []
      : names.filter((name) => !specs.some((spec) => spec.name === name));
  problems.push(...extra.map((name) => `extra: "${name}"`));
  const [wrongColumn] = [...wrong, ...extra];
  if (problems.length > 0) {
    throw new TerminalError(
      'TRANSFORM_OUTPUT',
      `The columns of ${transform} do not fit its output contract: ${problems.join('; ')}. Change the SELECT list or the contract.`,
      { problems: problems.length, ...(wrongColumn !== undefined && { column: wrongColumn }) },
    );
  }
  return [...specs, ...extraSpecs(contract, columns)].map((spec) => {
    const column = outputColumn(
      spec,
      columns.find((each) => each.name === spec.name),
      false,
    );
    if (isNestedType(column.type)) return { ...column, type: column.type.replaceAll(/\bU?HUGEINT\b/g, WIDE_INTEGER) };
    return isTooWide(column.type) ? { ...column, type: narrowType(spec) } : column;
  });
}

/** A table that a transform reads where it lies. */
export interface InputPlace {
  readonly transform: string;
  readonly input: string;
  readonly table: string;
}

/**
 * The columns of a table that a transform sees, in the contract's order: those that the contract speaks of, in the table's
 * own types. Whether its rows fit the contract, nobody has looked. A column that may be missing and is has the contract's type.
 *
 * @throws TerminalError TRANSFORM_INPUTS listing what is missing and of a wrong type
 */
export function checkInput(contract: Contract, columns: readonly Column[], { transform, input, table }: InputPlace): Column[] {
  const names = columns.map((column) => column.name);
  const specs = columnSpecs(contract);
  const found = (spec: ColumnSpec): Column | undefined => columns.find((column) => column.name === spec.name);
  const problems = specs.flatMap((spec) => {
    const [column, base] = [found(spec), outputBase(spec.schema)];
    if (!column) return spec.required ? [`missing: "${spec.name}"${suggestion(spec.name, names)}`] : [];
    const type = column.sourceType ?? column.type;
    return fits(base, column) ? [] : [`wrong type: "${spec.name}" is ${type}, the contract wants ${describeBase(base)}`];
  });
  if (problems.length > 0) {
    throw new TerminalError(
      'TRANSFORM_INPUTS',
      `The table "${table}" does not fit the contract of input "${input}" of transform "${transform}": ${problems.join('; ')}. It has: ${names.slice(0, 50).join(', ') || 'no columns'}. Change the contract or the table.`,
      { problems: problems.length },
    );
  }
  return [...specs, ...extraSpecs(contract, columns)].map(
    (spec) => found(spec) ?? { name: spec.name, type: canonicalType(outputBase(spec.schema)), nullable: true },
  );
}

function isTooWide(type: string): boolean {
  return familyOf(type) === 'integer' && /HUGEINT|UBIGINT/.test(type);
}

function narrowType(spec: ColumnSpec): string {
  const base = outputBase(spec.schema);
  return base.kind === 'number' || base.kind === 'bigint' || base.kind === 'values' ? canonicalType(base) : 'DOUBLE';
}

function suggestion(name: string, candidates: readonly string[]): string {
  const near = nearName(name, candidates);
  return near === undefined ? '' : ` (did you mean "${near}"?)`;
}
