import { ofCheck } from '../checks/faults.js';
import { duckdbEngine, withoutSemicolon } from '../checks/duckdb-engine.js';
import { runChecks } from '../checks/run-checks.js';
import { CONTRACT_INPUT, unknownNames } from '../config/check-findings.js';
import type { DatasetCheck, NamedChecks } from '../config/dataset-checks.js';
import type { LoadedProject } from '../config/load.js';
import type { TransformInputs } from '../config/transform-inputs.js';
import { contractColumns } from '../contracts/columns.js';
import type { Column } from '../core/dataset.js';
import { MillraceError, TerminalError } from '../core/errors.js';
import { quoteIdentifier } from '../core/filter.js';
import { suggestName } from '../core/near-name.js';
import { problemOf, type Problem } from '../core/problems.js';
import { lockForBinding } from '../engine/bind-transform.js';
import { openSession, type EngineSession } from '../engine/session.js';
import { inputVariants } from './column-variants.js';
import { placeIn } from './config-place.js';
import { DatabaseBinder } from './database-binder.js';
import { knownParameters, sampleParameters, type SampleParameters } from './sample-parameters.js';

/** One check as the config has it. */
interface Declared {
  /** The check set, or the contract. */
  readonly set: string;
  readonly name: string;
  readonly check: DatasetCheck;
  readonly inputs: TransformInputs;
  /** Where the config has it. */
  readonly path: readonly string[];
  /** Whether its SQL is given the parameters of a run. */
  readonly hasParameters: boolean;
}

/** Computes every check over inputs without rows, as it would be computed over those of a run. */
export async function checkProblems(project: LoadedProject): Promise<Problem[]> {
  const declared = declaredChecks(project);
  if (declared.length === 0) return [];
  const session = await openSession({ ...project.engine, threads: 1 }, new AbortController().signal);
  try {
    await lockForBinding(session);
    const samples = sampleParameters(project.config.pipelines);
    const databases = new DatabaseBinder(project);
    const problems: Problem[] = [];
    for (const each of declared) {
      const error = await failureOf({ session, databases, each, samples });
      if (error !== undefined) problems.push(tell(project, each, error));
    }
    return problems;
  } finally {
    session.close();
  }
}

function declaredChecks({ config }: LoadedProject): Declared[] {
  const named = (
    checks: NamedChecks,
    rest: Omit<Declared, 'name' | 'check' | 'path'> & { readonly at: readonly string[] },
  ): Declared[] => Object.entries(checks).map(([name, check]) => ({ ...rest, name, check, path: [...rest.at, 'checks', name] }));
  return [
    ...Object.entries(config.contracts).flatMap(([set, contract]) =>
      named(contract.checks, { set, inputs: { [CONTRACT_INPUT]: contract }, hasParameters: false, at: ['contracts', set] }),
    ),
    ...Object.entries(config.checks ?? {}).flatMap(([set, { inputs, checks }]) =>
      named(checks, { set, inputs, hasParameters: true, at: ['checks', set] }),
    ),
  ];
}

interface Attempt {
  readonly session: EngineSession;
  readonly databases: DatabaseBinder;
  readonly each: Declared;
  readonly samples: readonly SampleParameters[];
}

/** Why a check cannot be computed, whatever the pipeline and the exact types of its inputs. */
async function failureOf(attempt: Attempt): Promise<unknown> {
  // The config's own check has told of it.
  if (unknownNames(attempt.each.inputs, attempt.each.check).length > 0) return undefined;
  const unsuitable = unsuitableColumn(attempt.each);
  if (unsuitable) return unsuitable;
  const { each, samples } = attempt;
  let first: unknown;
  for (const params of each.hasParameters ? samples : [{}]) {
    for (const inputs of inputVariants(each.inputs)) {
      const error = await failureWith(attempt, inputs, params);
      if (error === undefined) return undefined;
      first ??= error;
    }
  }
  return first;
}

type Inputs = Readonly<Record<string, readonly Column[]>>;

async function failureWith({ session, databases, each }: Attempt, inputs: Inputs, params: SampleParameters): Promise<unknown> {
  const { set, name, check } = each;
  await session.run('BEGIN');
  try {
    if (check.check === 'noRows' && (check.dialect ?? 'duckdb') !== 'duckdb') {
      const statement = { sql: withoutSemicolon(check.sql.text), values: params };
      const request = { name, statement, inputs, parameters: Object.keys(params) };
      await ofCheck(set, name, () => databases.bind(check.dialect as string, request));
      return undefined;
    }
    for (const [input, columns] of Object.entries(inputs)) {
      const list = columns.map((column) => `CAST(NULL AS ${column.type}) AS ${quoteIdentifier(column.name)}`).join(', ');
      await session.run(`CREATE VIEW ${quoteIdentifier(input)} AS SELECT ${list} WHERE false`);
    }
    const [input = ''] = Object.keys(inputs);
    const request = { set, input, checks: { [name]: check }, startedAt: new Date(0).toISOString(), earlier: () => [] };
    await runChecks(duckdbEngine(session, { set, inputs: Object.keys(inputs), params }), request);
    return undefined;
  } catch (error) {
    return isUndecided(error) ? undefined : error;
  } finally {
    await session.rollback();
  }
}

// A value made up for a parameter proves nothing, nor does a text that only real rows have.
function isUndecided(error: unknown): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (/^(?:Conversion|Out of Range) Error/.test(cause.message)) return true;
    if (String((cause as { code?: unknown }).code).startsWith('22')) return true;
  }
  return false;
}

const NUMBER = /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|DOUBLE|FLOAT|DECIMAL.*)$/;
const MOMENT = /^(?:DATE|TIMESTAMP.*|VARCHAR)$/;

/** A column whose values the check could not compute with, which no rows would show. */
function unsuitableColumn({ set, name, check, inputs }: Declared): TerminalError | undefined {
  if (check.check !== 'distribution' && check.check !== 'freshness') return undefined;
  const contract = inputs[check.of ?? Object.keys(inputs)[0] ?? ''];
  const column = contract && contractColumns(contract).find((each) => each.name === check.column);
  const [suitable, wanted] = check.check === 'distribution' ? [NUMBER, 'numbers'] : [MOMENT, 'dates or times'];
  if (!column || suitable.test(column.type)) return undefined;
  return new TerminalError(
    'CHECK_INVALID',
    `Check "${name}" of "${set}" is about ${wanted}, and the column "${column.name}" is ${column.type}. Name another column.`,
    { set, check: name },
  );
}

function tell(project: LoadedProject, { set, name, path }: Declared, error: unknown): Problem {
  const problem = problemOf(error, placeIn(project, path));
  const cause = error instanceof MillraceError ? error.details['parameter'] : undefined;
  if (typeof cause !== 'string') return problem;
  const message = `Check "${name}" of "${set}" uses $${cause}, and no pipeline has a parameter of that name. ${suggestName(cause, knownParameters(project.config.pipelines))}`;
  return { ...problem, message };
}
