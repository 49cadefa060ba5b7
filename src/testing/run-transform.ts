import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Contract, RowOf } from '../config/contract.js';
import type { Project } from '../config/project.js';
import { findProject } from '../config/find-project.js';
import type { RowsTransform } from '../config/rows.js';
import type { SqlTransform, Transform } from '../config/transform.js';
import { checkOutput } from '../contracts/columns.js';
import { TerminalError } from '../core/errors.js';
import { quoteFile, type Scalar } from '../core/filter.js';
import type { Column } from '../core/dataset.js';
import type { Manifest, Part } from '../core/manifest.js';
import { inspectSelect } from '../engine/select-guard.js';
import { runTransform as runSelect } from '../engine/transform.js';
import { namingFile, parametersOf, statementOf } from '../engine/transform-statement.js';
import { runRows } from '../rows/run-rows.js';
import { datasetOf, readRows } from './rows.js';
import { withWorkbench, type Workbench } from './workbench.js';

/** The rows that a transform is given, by the names of its inputs. */
export type TransformInputRows<T> = T extends Transform<infer I> ? { readonly [N in keyof I]: readonly RowOf<I[N]>[] } : never;

/** A row that a transform gives. */
export type TransformOutputRow<T> = T extends { readonly output: infer O extends Contract } ? RowOf<O> : never;

export interface TransformOptions<Inputs> {
  readonly inputs: Inputs;
  /** The run's parameters. @default none */
  readonly params?: Readonly<Record<string, Scalar>>;
  /** The project's folder: paths of SQL files count from it, and functions are found there. @default the current one */
  readonly directory?: string;
}

/**
 * Runs one transform of a project over rows in memory and gives its rows, in the order in which a run would write them. It
 * runs as in a step: SQL in a DuckDB that sees the inputs and nothing else, a function in a thread of its own, with the
 * columns checked against the output's contract.
 *
 * @example
 * const rows = await runTransform(project, 'salesByDay', { inputs: { sales: [{ day: '2001-01-01', amount: 3 }] } });
 * @throws TerminalError TRANSFORM_UNKNOWN, TRANSFORM_INPUTS, TRANSFORM_OUTPUT, QUERY_FAILED … as the step does
 */
export function runTransform<P extends Project, N extends keyof P['transforms'] & string>(
  project: P,
  name: N,
  options: TransformOptions<TransformInputRows<P['transforms'][N]>>,
): Promise<TransformOutputRow<P['transforms'][N]>[]> {
  const transform = project.transforms[name];
  if (transform === undefined) {
    const known = Object.keys(project.transforms).join(', ') || 'none';
    throw new TerminalError('TRANSFORM_UNKNOWN', `The project has no transform "${name}". It has: ${known}.`);
  }
  return run(name, transform, options) as Promise<TransformOutputRow<P['transforms'][N]>[]>;
}

function run(name: string, transform: Transform, options: TransformOptions<object>): Promise<Record<string, unknown>[]> {
  const { params = {}, directory = process.cwd() } = options;
  return withWorkbench(async (bench) => {
    const { session } = bench;
    const inputs: Record<string, Manifest> = {};
    for (const [input, contract] of Object.entries(transform.inputs)) {
      inputs[input] = await datasetOf(bench, input, contract, rowsOf(name, input, options.inputs));
    }
    const out = path.join(bench.directory, 'made');
    await mkdir(out);
    const task = { bench, name, inputs, params, directory, out };
    const { parts, columns } = await (transform.kind === 'rows'
      ? runFunction(task, transform)
      : namingFile(transform, () => runSql(task, transform)));
    const files = parts.map((part) => quoteFile(path.join(out, part.path))).join(', ');
    return readRows(session, transform.output, columns, `FROM read_parquet([${files}])`);
  });
}

interface Task {
  readonly bench: Workbench;
  readonly name: string;
  readonly inputs: Readonly<Record<string, Manifest>>;
  readonly params: Readonly<Record<string, Scalar>>;
  readonly directory: string;
  /** The folder for what is made. */
  readonly out: string;
}

interface Made {
  readonly parts: readonly Part[];
  readonly columns: readonly Column[];
}

async function runSql({ bench, name, inputs, params, directory, out }: Task, transform: SqlTransform): Promise<Made> {
  const statement = await statementOf(directory, name, transform, params);
  const made = await runSelect(bench.session, {
    name,
    statement,
    inspected: await inspectSelect(bench.session, name, statement.sql, Object.keys(inputs)),
    inputs,
    parameters: Object.keys(params),
    stagingRoot: bench.directory,
    directory: out,
    settle: (columns) => checkOutput(transform.output, columns, `transform "${name}"`),
    orderBy: transform.output.key,
  });
  return { parts: [made.part], columns: made.columns };
}

// The function's thread loads the project's own config again.
function runFunction({ bench, name, inputs, params, directory, out }: Task, transform: RowsTransform): Promise<Made> {
  const place = findProject(path.resolve(directory));
  return runRows(bench.session, {
    name,
    definition: transform,
    project: { configPath: place.file, root: place.root },
    inputs,
    params: parametersOf(name, transform, params),
    stagingRoot: bench.directory,
    directory: out,
    signal: bench.signal,
    progress: bench.progress,
  });
}

function rowsOf(name: string, input: string, inputs: object): readonly object[] {
  const rows: unknown = (inputs as Readonly<Record<string, unknown>>)[input];
  if (Array.isArray(rows)) return rows as readonly object[];
  throw new TerminalError(
    'TRANSFORM_INPUTS',
    `Transform "${name}" declares the input "${input}" and was given no rows for it. Pass an array, which may be empty.`,
  );
}
