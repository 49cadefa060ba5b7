import { messageOf, TerminalError } from '../core/errors.js';
import type { EngineSession } from '../engine/session.js';
import { leavingRefused, rawName, statusOf, valuesSelect, type Compiled, type CompiledRule } from './compile.js';
import type { CompiledColumn } from './compile-column.js';

/**
 * Tries a compiled contract on one row, so that nothing is found out in the middle of the data: a pattern that DuckDB
 * refuses sends its column to zod, a rule that it refuses is an error.
 *
 * @throws TerminalError CONTRACT_COLUMNS naming the rule
 */
export async function bindContract(session: EngineSession, compiled: Compiled, name: string): Promise<Compiled> {
  const probe = probeSource(compiled);
  const attempt = async (expression: string, over: Compiled = compiled): Promise<unknown> => {
    try {
      await session.rows(`SELECT ${expression} AS answer FROM (${valuesSelect(over, probe, [])})`);
      return undefined;
    } catch (error) {
      return error;
    }
  };
  if ((await attempt(statusOf(compiled))) === undefined) return compiled;
  const rules: CompiledRule[] = [];
  for (const rule of compiled.rules) rules.push(await bindRule(rule, attempt, name, compiled));
  const columns: CompiledColumn[] = [];
  const refused: string[] = [];
  for (const column of compiled.columns) {
    const failures = await Promise.all(column.predicates.map(({ pass }) => attempt(pass)));
    const isSound = failures.every((failure) => failure === undefined);
    if (!isSound) refused.push(column.spec.name);
    columns.push(
      isSound ? column : { ...column, predicates: column.predicates.filter((_, index) => failures[index] === undefined) },
    );
  }
  const mended = leavingRefused({ ...compiled, columns, rules }, refused);
  const failure = await attempt(statusOf(mended), mended);
  if (failure !== undefined) throw failure instanceof Error ? failure : new TerminalError('INTERNAL', messageOf(failure));
  return mended;
}

// TRY refuses subqueries and functions whose value changes from call to call: such a rule stands as it is written.
async function bindRule(
  rule: CompiledRule,
  attempt: (sql: string) => Promise<unknown>,
  contract: string,
  compiled: Compiled,
): Promise<CompiledRule> {
  if ((await attempt(rule.sql)) === undefined) return rule;
  const plain = `(${compiled.contract.rules[rule.name]?.text ?? ''})::BOOLEAN`;
  const failure = await attempt(plain);
  if (failure !== undefined) throw ruleError(contract, rule.name, compiled, failure);
  return { ...rule, sql: plain };
}

// Text is given as the empty string: over NULL a pattern would not even be looked at.
function probeSource(compiled: Compiled): string {
  const columns = compiled.inputs.map((input, index) => {
    const value = input.type === 'VARCHAR' ? "''" : 'NULL';
    return `CAST(${value} AS ${input.type}) AS ${rawName(index)}`;
  });
  return `SELECT ${columns.join(', ')}`;
}

function ruleError(contract: string, rule: string, compiled: Compiled, failure: unknown): TerminalError {
  const columns = compiled.output.map((column) => `${column.name} ${column.type}`).join(', ');
  return new TerminalError(
    'CONTRACT_COLUMNS',
    `Rule "${rule}" of contract "${contract}" is not a condition over the contract's columns: ${messageOf(failure)}\nThe columns are: ${columns}. Correct the rule.`,
    { contract, rule },
    { cause: failure },
  );
}
