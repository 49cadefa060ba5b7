import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { LoadedProject } from '../config/load.js';
import { relativeTo } from '../config/import-failure.js';
import type { PipelineConfig } from '../config/project.js';
import type { SqlTransform, Transform } from '../config/transform.js';
import { checkOutput, contractColumns } from '../contracts/columns.js';
import type { Column } from '../core/dataset.js';
import { MillraceError } from '../core/errors.js';
import { nearName, suggestName } from '../core/near-name.js';
import { problemOf, type Place, type Problem } from '../core/problems.js';
import { bindTransform, lockForBinding, type BindRequest } from '../engine/bind-transform.js';
import { openSession, type EngineSession } from '../engine/session.js';
import { statementOf } from '../engine/transform-statement.js';
import { checkFunctions } from '../rows/check-functions.js';
import { inputVariants } from './column-variants.js';
import { placeIn } from './config-place.js';
import { locateOutput } from './locate-output.js';
import { DatabaseBinder } from './database-binder.js';
import { knownParameters, sampleParameters, type SampleParameters } from './sample-parameters.js';

type ParamsSchema = NonNullable<PipelineConfig['params']>;

/**
 * Binds the SQL of every transform over empty inputs, and compares its columns with the output contract; loads every
 * function, and looks whether some pipeline has the parameters that it declares.
 */
export async function transformProblems(project: LoadedProject): Promise<Problem[]> {
  const [sql, functions] = await Promise.all([sqlProblems(project), functionProblems(project)]);
  return [...sql, ...functions];
}

async function functionProblems(project: LoadedProject): Promise<Problem[]> {
  const { config } = project;
  const failed = await checkFunctions(config, project);
  const known = knownParameters(project.config.pipelines);
  return Object.entries(config.transforms).flatMap(([name, transform]) => {
    if (transform.kind !== 'rows') return [];
    const place = placeIn(project, ['transforms', name]);
    const error = failed.get(name);
    const unknown = requiredParameters(transform).filter((parameter) => !known.includes(parameter));
    const problems = unknown.map((parameter) => undeclared(name, parameter, known, place));
    return error ? [problemOf(error, place), ...problems] : problems;
  });
}

function requiredParameters({ params }: { readonly params?: ParamsSchema }): string[] {
  return Object.entries(params?.shape ?? {}).flatMap(([name, schema]) => (schema.safeParse(undefined).success ? [] : [name]));
}

function undeclared(name: string, parameter: string, known: readonly string[], place: Place): Problem {
  const message = `Transform "${name}" declares the parameter "${parameter}", and no pipeline has one of that name. ${suggestName(parameter, known)}`;
  return { severity: 'error', code: 'PARAMETERS_INVALID', message, place };
}

async function sqlProblems(project: LoadedProject): Promise<Problem[]> {
  const transforms = Object.entries(project.config.transforms).filter((entry): entry is [string, SqlTransform] =>
    isSql(entry[1]),
  );
  if (transforms.length === 0) return [];
  const session = await openSession({ ...project.engine, threads: 1 }, new AbortController().signal);
  try {
    await lockForBinding(session);
    const samples = sampleParameters(project.config.pipelines);
    const databases = new DatabaseBinder(project);
    const problems: Problem[] = [];
    for (const [name, transform] of transforms) {
      const error = await failureOf({ session, databases, project, name, transform, samples });
      if (error !== undefined) problems.push(tell(project, name, transform, error));
    }
    return problems;
  } finally {
    session.close();
  }
}

function isSql(transform: Transform): transform is SqlTransform {
  return transform.kind === 'sqlFile' || transform.kind === 'query';
}

interface Attempt {
  readonly session: EngineSession;
  readonly databases: DatabaseBinder;
  readonly project: LoadedProject;
  readonly name: string;
  readonly transform: SqlTransform;
}

/**
 * Why a transform cannot work, whatever the run's pipeline and the exact types of its inputs; `undefined` when it can, or
 * when only real values would tell.
 */
async function failureOf(attempt: Attempt & { readonly samples: readonly SampleParameters[] }): Promise<unknown> {
  let first: unknown;
  for (const sample of attempt.samples) {
    const error = await failureWith(attempt, sample);
    if (error === undefined || isUndecided(error, attempt.transform, sample)) return undefined;
    // Of a pipeline that lacks a parameter, another one's failure says more.
    if (first === undefined || parameterOf(first) !== undefined) first = error;
  }
  return first;
}

async function failureWith(attempt: Attempt, sample: SampleParameters): Promise<unknown> {
  const { project, name, transform } = attempt;
  try {
    const statement = await statementOf(project.directory, name, transform, sample);
    const parameters = Object.keys(sample);
    let first: unknown;
    for (const inputs of inputVariants(transform.inputs)) {
      const error = await bound(() => bindAny(attempt, { name, statement, parameters, inputs }), transform, name);
      if (error === undefined) return undefined;
      first ??= error;
    }
    return first;
  } catch (error) {
    return error;
  }
}

/** Binds the SQL where it will run; `undefined` where that does not answer. */
async function bindAny({ session, databases, transform }: Attempt, request: BindRequest): Promise<readonly Column[] | undefined> {
  const dialect = transform.kind === 'sqlFile' ? (transform.dialect ?? 'duckdb') : 'duckdb';
  return dialect === 'duckdb' ? bindTransform(session, request) : databases.bind(dialect, request);
}

async function bound(
  bind: () => Promise<readonly Column[] | undefined>,
  transform: SqlTransform,
  name: string,
): Promise<unknown> {
  try {
    const columns = await bind();
    if (columns) checkOutput(transform.output, columns, `transform "${name}"`);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** A value made up for a parameter proves nothing: neither that it is not of the format, nor that it cannot be cast. */
function isUndecided(error: unknown, transform: SqlTransform, sample: SampleParameters): boolean {
  if (!(error instanceof MillraceError)) return false;
  if (error.code === 'PARAMETERS_INVALID') {
    return Object.keys((transform.kind === 'query' && transform.params?.shape) || {}).every((name) => name in sample);
  }
  const { cause } = error;
  if (error.code !== 'QUERY_FAILED' || !(cause instanceof Error)) return false;
  // Postgres' class 22 is that of values.
  return /^(?:Conversion|Out of Range) Error/.test(cause.message) || String((cause as { code?: unknown }).code).startsWith('22');
}

function parameterOf(error: unknown): string | undefined {
  const parameter = error instanceof MillraceError ? error.details['parameter'] : undefined;
  return typeof parameter === 'string' ? parameter : undefined;
}

function tell(project: LoadedProject, name: string, transform: SqlTransform, error: unknown): Problem {
  const problem = problemOf(error, placeOf(project, name, transform, error));
  const parameter = parameterOf(error);
  if (parameter === undefined) return { ...problem, message: `${problem.message}${suggestColumn(transform, problem.message)}` };
  const message = `Transform "${name}" uses $${parameter}, and no pipeline has a parameter of that name. ${suggestName(parameter, knownParameters(project.config.pipelines))}`;
  return { ...problem, message };
}

/** DuckDB names near columns itself, but for one that is written with its table. */
function suggestColumn({ inputs }: SqlTransform, message: string): string {
  const [, table = '', column] = /"([^"]+)" does not have a column named "([^"]+)"/.exec(message) ?? [];
  if (column === undefined) return '';
  const of = inputs[table] ? [inputs[table]] : Object.values(inputs);
  const near = nearName(
    column,
    of.flatMap((contract) => contractColumns(contract).map((each) => each.name)),
  );
  return near === undefined ? '' : ` Did you mean "${near}"?`;
}

/** The line of the SQL where DuckDB tells it, else where the config has the transform. */
function placeOf(project: LoadedProject, name: string, transform: SqlTransform, error: unknown): Place {
  const isInFile = error instanceof MillraceError && error.code !== 'CONFIG_INVALID' && transform.kind === 'sqlFile';
  if (!isInFile) return placeIn(project, ['transforms', name]);
  const full = path.resolve(project.directory, transform.path);
  const file = relativeTo(project.directory, full);
  if (error.code === 'TRANSFORM_OUTPUT') return { file, ...locateOutput(readFileSync(full, 'utf8'), error.details['column']) };
  const { line, column } = error.details;
  return { file, ...(typeof line === 'number' && { line }), ...(typeof column === 'number' && { column }) };
}
