import { quoteIdentifier } from '../../core/filter.js';
import type { Statement } from '../../core/statement.js';
import type { AuditAnswers, AuditInput, AuditQuestions } from '../contract.js';
import { execute, select } from './attached.js';
import { LOAD_COLUMN } from './load-plan.js';
import type { Attempt } from './load-target.js';
import { flagOf } from './merge-rows.js';
import type { TableName } from './table-name.js';
import type { TargetTable } from './target-table.js';
import { bindStatement, explainSqlError, type Binding } from './transform-bind.js';
import { wrapStatement } from './transform-sql.js';
import { selectInputs, type InputSelect } from './transform-tables.js';
import type { AuditMoment, Write } from './write-rows.js';

/** What an audit sees as one input. */
interface Seen {
  readonly select: string;
  /** The same columns without rows, for a connection that does not see what this load has done. */
  readonly empty: string;
  /** The table behind it, where it is one of others. */
  readonly oid?: string;
}

/**
 * Asks a load's audit in the load's own transaction: what is about the rows that it brings once they are staged, before the
 * target is touched; what is about the target once they are in it, which nobody else sees yet.
 */
export function auditOf(
  { context, settings, side, request }: Attempt,
  table: TargetTable,
): ((write: Write, staging: TableName, moment: AuditMoment) => Promise<void>) | undefined {
  const { audit } = request;
  if (!audit) return undefined;
  return async (write, staging, moment) => {
    const due = audit.questions.filter((each) => readsTarget(each) === (moment === 'put'));
    for (const questions of due) {
      const binding: Binding = { side, settings, name: '', inputs: Object.keys(questions.inputs) };
      const seen = await inputsOf(binding, questions, write, staging, table);
      await readOnly(context.session, () => questions.judge(answersOf(write, binding, seen)));
    }
    audit.settle();
  };
}

function readsTarget({ inputs }: AuditQuestions): boolean {
  return Object.values(inputs).includes('target');
}

/** What the questions read must not write, nor depend on whose session it is. Of the settings nothing stays. */
async function readOnly(session: Write['session'], work: () => Promise<void>): Promise<void> {
  const settings = "SET LOCAL transaction_read_only = on; SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'";
  await execute(session, `SAVEPOINT millrace_audit; ${settings}`);
  await work();
  await execute(session, 'ROLLBACK TO SAVEPOINT millrace_audit; RELEASE SAVEPOINT millrace_audit');
}

async function inputsOf(
  binding: Binding,
  { inputs }: AuditQuestions,
  write: Write,
  staging: TableName,
  table: TargetTable,
): Promise<Readonly<Record<string, Seen>>> {
  await binding.side.query(
    `SET lock_timeout = ${binding.settings.lockTimeoutMs}; SET standard_conforming_strings = on; SET TimeZone = 'UTC'`,
  );
  const seen: Record<string, Seen> = {};
  for (const [name, input] of Object.entries(inputs)) seen[name] = await inputOf(binding, name, input, write, staging, table);
  return seen;
}

async function inputOf(
  binding: Binding,
  name: string,
  input: AuditInput,
  write: Write,
  staging: TableName,
  table: TargetTable,
): Promise<Seen> {
  if (input === 'loaded') return loadedRows(write, staging, table);
  if (input === 'target') {
    const columns = table.columns.filter((column) => column.name !== LOAD_COLUMN);
    const list = columns.map((column) => quoteIdentifier(column.name)).join(', ');
    return { select: `SELECT ${list} FROM ${write.name.sql}`, empty: emptyRows(columns) };
  }
  const found = await selectInputs(binding, { [name]: input });
  const { select: rows, oid } = found[name] as InputSelect;
  return { select: rows, empty: rows, oid };
}

/** The rows that will be in the target, in its types: not those that stand for a deletion. */
function loadedRows(write: Write, staging: TableName, table: TargetTable): Seen {
  const { plans, request } = write;
  const list = plans.map((plan) => `${plan.restore} AS ${quoteIdentifier(plan.name)}`).join(', ');
  const gone = request.deleteFlag === undefined ? '' : ` WHERE NOT ${quoteIdentifier(flagOf(write, request.deleteFlag).name)}`;
  const columns = table.columns.filter((column) => plans.some((plan) => plan.name === column.name));
  return { select: `SELECT ${list} FROM ${staging.sql}${gone}`, empty: emptyRows(columns) };
}

function emptyRows(columns: TargetTable['columns']): string {
  const list = columns.map(({ name, type }) => `CAST(NULL AS ${type}) AS ${quoteIdentifier(name)}`);
  return `SELECT ${list.join(', ')} WHERE false`;
}

function answersOf({ session }: Write, binding: Binding, seen: Readonly<Record<string, Seen>>): AuditAnswers {
  const of = (key: 'select' | 'empty'): Record<string, string> =>
    Object.fromEntries(Object.entries(seen).map(([name, input]) => [name, input[key]]));
  const ask = async <T>(name: string, statement: Statement, parameters: readonly string[]): Promise<T[]> => {
    try {
      return await select<T>(session, wrapStatement(statement, of('select'), parameters).sql);
    } catch (error) {
      throw explainSqlError(error, { ...binding, name });
    }
  };
  return {
    rows: (name, sql) => ask(name, { sql, values: {} }, []),
    async custom(name, statement, parameters, around) {
      const named = { ...binding, name };
      const tables = Object.values(seen).flatMap(({ oid }) => (oid === undefined ? [] : [oid]));
      await bindStatement(named, wrapStatement(statement, of('empty'), parameters), tables);
      return ask(name, { ...statement, sql: around(statement.sql) }, parameters);
    },
  };
}
