import type { Column } from '../../core/dataset.js';
import { TerminalError } from '../../core/errors.js';
import { quoteIdentifier } from '../../core/filter.js';
import type { SchemaChange } from '../../core/load.js';
import type { LoadRequest, Session } from '../contract.js';
import { describePlace, type FilePlace } from './errors.js';
import type { FileLoad } from './load-file.js';
import type { DataFile, TargetManifest } from './manifest.js';
import { widensTo } from './widens-to.js';

/**
 * Settles how the columns of an append differ from those of the newest load into the folder, as the load's `schema` says, so
 * that the folder's files can be read together. A type that the folder's holds exactly is written as the folder's.
 *
 * @param manifest of the folder; `undefined` when it has none yet
 * @returns the load with the columns and rows to write
 * @throws TerminalError SCHEMA_CHANGED, with the whole difference
 */
export async function fitColumns(
  { request, place, context }: FileLoad,
  manifest: TargetManifest | undefined,
): Promise<Pick<FileLoad, 'request' | 'changes'>> {
  const newest = manifest?.files.reduce<DataFile | undefined>(
    (found, file) => (found === undefined || file.committedAt > found.committedAt ? file : found),
    undefined,
  );
  if (newest === undefined || newest.columns.length === 0 || request.mode !== 'append') return { request };
  const before = newest.columns;
  const { schema = 'freeze' } = request;
  const difference = compare(request.columns, before);
  requireAllowed(difference, schema, place);
  const { added, missing, changed } = difference;
  const isDiscarded = ({ name }: Column): boolean => schema === 'discard' && added.some((column) => column.name === name);
  const columns = request.columns
    .filter((column) => !isDiscarded(column))
    .map((column) => ({ ...column, type: writtenType(column, before) }));
  const casts = columns.map(({ name, type }) => `CAST(${quoteIdentifier(name)} AS ${type}) AS ${quoteIdentifier(name)}`);
  const counts = schema === 'discard' ? await countValues(context.session, request, added) : [];
  const changes: SchemaChange[] = [
    ...changed.map(({ column, from }) => ({ change: 'widened' as const, column: column.name, from, to: column.type })),
    ...added.map((column, at) =>
      schema === 'discard'
        ? { change: 'discarded' as const, column: column.name, from: column.type, rows: counts[at] ?? 0 }
        : { change: 'added' as const, column: column.name, to: column.type },
    ),
    ...missing.map(({ name, type }) => ({ change: 'missing' as const, column: name, from: type })),
  ];
  return {
    request: { ...request, columns, select: `SELECT ${casts.join(', ')} FROM (${request.select}) AS dataset` },
    ...(changes.length > 0 && { changes }),
  };
}

interface Difference {
  readonly added: readonly Column[];
  readonly missing: readonly Pick<Column, 'name' | 'type'>[];
  readonly changed: readonly { readonly column: Column; readonly from: string }[];
  readonly renamed: readonly { readonly from: Pick<Column, 'name' | 'type'>; readonly column: Column }[];
}

function compare(columns: readonly Column[], before: readonly Pick<Column, 'name' | 'type'>[]): Difference {
  const known = new Map(before.map(({ name, type }) => [name, type]));
  const added = columns.filter(({ name }) => !known.has(name));
  const missing = before.filter(({ name }) => !columns.some((column) => column.name === name));
  return {
    added,
    missing,
    changed: columns.flatMap((column) => {
      const from = known.get(column.name);
      return from === undefined || widensTo(column.type, from) ? [] : [{ column, from }];
    }),
    renamed: added.flatMap((column) => {
      const from = missing.find(({ type }) => widensTo(type, column.type) || widensTo(column.type, type));
      return from ? [{ from, column }] : [];
    }),
  };
}

function writtenType({ name, type }: Column, before: readonly Pick<Column, 'name' | 'type'>[]): string {
  const known = before.find((each) => each.name === name);
  return known !== undefined && widensTo(type, known.type) ? known.type : type;
}

function requireAllowed({ added, missing, changed, renamed }: Difference, schema: string, place: FilePlace): void {
  const narrowed = changed.filter(({ column, from }) => schema !== 'evolve' || !widensTo(from, column.type));
  const isRenamed = (name: string): boolean => renamed.some(({ from, column }) => from.name === name || column.name === name);
  const isFrozen = schema === 'freeze';
  const lines = [
    ...renamed.map(
      ({ from, column }) =>
        `it lacks ${quoteIdentifier(from.name)} and has ${quoteIdentifier(column.name)} instead, of a type that fits: it looks renamed. Give it its old name in a transform; or add it as a new column in one load, and leave the old one out in the next`,
    ),
    ...(isFrozen ? added : [])
      .filter(({ name }) => !isRenamed(name))
      .map(({ name, type }) => `it has a column ${quoteIdentifier(name)} (${type}) that they have not`),
    ...(isFrozen ? missing : [])
      .filter(({ name }) => !isRenamed(name))
      .map(({ name }) => `it lacks their column ${quoteIdentifier(name)}`),
    ...narrowed.map(
      ({ column, from }) =>
        `its column ${quoteIdentifier(column.name)} is ${column.type}, theirs is ${from}, which does not hold every value of it`,
    ),
  ];
  if (lines.length === 0) return;
  const hint = isFrozen ? " Or load with schema: 'evolve', which takes new columns and wider types, or 'discard'." : '';
  throw new TerminalError(
    'SCHEMA_CHANGED',
    `The columns of the dataset are not those of the files of ${describePlace(place)}: ${lines.join('; ')}. Change the dataset in a transform, or load into another folder.${hint}`,
  );
}

async function countValues(session: Session, { select }: LoadRequest, columns: readonly Column[]): Promise<number[]> {
  if (columns.length === 0) return [];
  const counts = columns.map(({ name }, at) => `count(${quoteIdentifier(name)}) AS c${at}`);
  const [row] = await session.rows<Record<string, bigint>>(`SELECT ${counts.join(', ')} FROM (${select}) AS dataset`);
  return columns.map((_, at) => Number(row?.[`c${at}`]));
}
