import path from 'node:path';
import { DuckDBTimestampTZValue, type DuckDBPreparedStatement } from '@duckdb/node-api';
import type { Column } from '../core/dataset.js';
import { quoteFile, quoteIdentifier, quoteLiteral, type Scalar } from '../core/filter.js';
import { TerminalError, messageOf } from '../core/errors.js';
import type { Manifest, Part } from '../core/manifest.js';
import type { BoundValue, Statement } from '../core/statement.js';
import { datasetSelect, resolvePath } from './dataset-sql.js';
import { translateEngineError } from './errors.js';
import { placeOfSqlError, tellSqlError } from './sql-error.js';
import type { EngineSession } from './session.js';
import type { InspectedSelect } from './select-guard.js';

export interface TransformRequest {
  /** For messages. */
  readonly name: string;
  readonly statement: Statement;
  /** The SELECT has been looked at: it names its inputs and nothing else. */
  readonly inspected: InspectedSelect;
  readonly inputs: Readonly<Record<string, Manifest>>;
  /** The names of the run's parameters, for the message about one that is not among them. */
  readonly parameters: readonly string[];
  readonly stagingRoot: string;
  /** This attempt's folder; the result is written there. */
  readonly directory: string;
  /** Decides the types in which the columns are kept, or throws TRANSFORM_OUTPUT. */
  readonly settle: (columns: readonly Column[]) => readonly Column[];
  /** Columns that order the rows, so that the same rows give the same file; none means all. */
  readonly orderBy: readonly string[];
}

export interface Transformed {
  readonly part: Part;
  readonly columns: readonly Column[];
  readonly rows: number;
  readonly reproducible: boolean;
}

/**
 * Runs a SELECT over the inputs and writes its rows. The session is locked first: it can read the inputs' files, write
 * into `directory`, and nothing else.
 *
 * @throws TerminalError TRANSFORM_OUTPUT, QUERY_FAILED
 */
export async function runTransform(session: EngineSession, request: TransformRequest): Promise<Transformed> {
  const { statement, inputs, inspected } = request;
  await confineTo(session, inputs, request.stagingRoot, [`${request.directory}${path.sep}`]);
  const found = await describeStatement(session, request);
  const columns = request.settle(found);
  const list = columns.map((column) => `${storedValue(column)} AS ${quoteIdentifier(column.name)}`).join(', ');
  const order = request.orderBy.length > 0 ? request.orderBy.map(quoteIdentifier).join(', ') : 'ALL';
  const file = path.join(request.directory, 'part-0.parquet');
  await runBound(session, request, {
    ...statement,
    sql: `COPY (SELECT ${list} FROM (\n${statement.sql}\n) ORDER BY ${order}) TO ${quoteLiteral(file)} (FORMAT parquet, COMPRESSION zstd)`,
  });
  const [counted] = await session.rows<{ rows: bigint }>(`SELECT count(*) AS rows FROM read_parquet(${quoteFile(file)})`);
  const rows = Number(counted?.rows ?? 0);
  return {
    part: { path: './part-0.parquet', format: 'parquet', rows, bytes: 0, fingerprint: '' },
    columns,
    rows,
    reproducible: !inspected.volatile && !(inspected.floatingSums && found.some((column) => /^(DOUBLE|FLOAT)/.test(column.type))),
  };
}

/** The value as the file takes it. Parquet keeps intervals to the millisecond, and times of day without their zone. */
function storedValue({ name, type }: Column): string {
  const value = `CAST(${quoteIdentifier(name)} AS ${type})`;
  const loss =
    type === 'INTERVAL'
      ? { test: `microsecond(${value}) % 1000 <> 0`, what: 'intervals finer than a millisecond' }
      : type === 'TIME WITH TIME ZONE'
        ? { test: `NOT ends_with(CAST(${value} AS VARCHAR), '+00')`, what: 'times of day with a zone that is not UTC' }
        : undefined;
  if (loss === undefined) return value;
  const message = `the column "${name}" has ${loss.what}, which datasets do not keep: cast it to VARCHAR`;
  return `CASE WHEN ${loss.test} THEN error(${quoteLiteral(message)}) ELSE ${value} END`;
}

/** Makes each input a view of its name, and takes everything else from the session, for good, but for some folders. */
export async function confineTo(
  session: EngineSession,
  inputs: Readonly<Record<string, Manifest>>,
  stagingRoot: string,
  directories: readonly string[],
): Promise<void> {
  for (const [input, manifest] of Object.entries(inputs)) {
    await session.run(`CREATE VIEW ${quoteIdentifier(input)} AS ${datasetSelect(manifest, stagingRoot)}`);
  }
  const files = Object.values(inputs).flatMap((manifest) =>
    manifest.parts.flatMap((part) => [part.path, ...(part.deletes === undefined ? [] : [part.deletes])]),
  );
  await lockSession(session, { paths: files.map((file) => resolvePath(stagingRoot, file)), directories });
}

/** Takes from a session, for good, everything but the named files and folders: other files, the network, its settings. */
export async function lockSession(
  session: Pick<EngineSession, 'run'>,
  allowed: { readonly paths: readonly string[]; readonly directories: readonly string[] },
): Promise<void> {
  await session.run(`SET allowed_paths = [${allowed.paths.map(quoteLiteral).join(', ')}]`);
  await session.run(`SET allowed_directories = [${allowed.directories.map(quoteLiteral).join(', ')}]`);
  await session.run('SET enable_external_access = false');
  await session.run('SET lock_configuration = true');
}

/** The columns a statement gives, found by binding it, without reading data. */
export async function describeStatement(
  session: EngineSession,
  { name, statement, parameters }: Pick<TransformRequest, 'name' | 'statement' | 'parameters'>,
): Promise<Column[]> {
  const prepared = await failing(name, () =>
    bind(session, { ...statement, sql: `SELECT * FROM (\n${statement.sql}\n) LIMIT 0` }, parameters),
  );
  const result = await failing(name, () => prepared.run());
  return result
    .columnNames()
    .map((column, index) => ({ name: column, type: result.columnType(index).toString(), nullable: true }));
}

/** The rows of a statement with its values bound. Its first line is ours: what was written begins on the second. */
export async function boundRows<T>(
  session: EngineSession,
  { name, statement, parameters }: Pick<TransformRequest, 'name' | 'statement' | 'parameters'>,
): Promise<T[]> {
  return failing(name, async () => {
    const prepared = await bind(session, statement, parameters);
    return (await prepared.runAndReadAll()).getRowObjectsJS() as T[];
  });
}

async function runBound(session: EngineSession, { name, parameters }: TransformRequest, statement: Statement): Promise<void> {
  await failing(name, async () => {
    const prepared = await bind(session, statement, parameters);
    await prepared.run();
  });
}

async function bind(session: EngineSession, { sql, values }: Statement, parameters: readonly string[]) {
  const prepared = await (await session.connect()).prepare(sql);
  const wanted = Array.from({ length: prepared.parameterCount }, (_, index) => prepared.parameterName(index + 1));
  wanted.forEach((parameter, index) => {
    const value = Array.isArray(values)
      ? (values as readonly BoundValue[])[Number(parameter) - 1]
      : (values as Readonly<Record<string, BoundValue>>)[parameter];
    if (value === undefined) {
      throw new TerminalError(
        'QUERY_FAILED',
        `The SQL uses $${parameter}, which the run has no parameter for. It has: ${parameters.join(', ') || 'none'}.`,
        { parameter },
      );
    }
    bindValue(prepared, index + 1, value);
  });
  return prepared;
}

function bindValue(prepared: DuckDBPreparedStatement, index: number, value: BoundValue): void {
  if (value === null) prepared.bindNull(index);
  else if (typeof value === 'boolean') prepared.bindBoolean(index, value);
  else if (typeof value === 'string') prepared.bindVarchar(index, value);
  else if (typeof value === 'object') bindTagged(prepared, index, value);
  else if (Number.isSafeInteger(value)) prepared.bindBigInt(index, BigInt(value));
  else prepared.bindDouble(index, value);
}

function bindTagged(prepared: DuckDBPreparedStatement, index: number, value: Exclude<BoundValue, Scalar>): void {
  if ('instant' in value) {
    const micros = BigInt(Date.parse(value.instant)) * 1000n;
    return prepared.bindTimestampTZ(index, new DuckDBTimestampTZValue(micros));
  }
  const whole = BigInt(value.bigint);
  if (BigInt.asIntN(64, whole) === whole) prepared.bindBigInt(index, whole);
  else prepared.bindHugeInt(index, whole);
}

async function failing<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const known = translateEngineError(error);
    if (known instanceof TerminalError && known.code === 'QUERY_FAILED') {
      // Both statements begin with a line of ours.
      const told = tellSqlError(messageOf(known), 1);
      const details = { ...known.details, ...placeOfSqlError(told) };
      throw new TerminalError('QUERY_FAILED', `Transform "${name}" does not run: ${told}.`, details, { cause: error });
    }
    throw known;
  }
}
