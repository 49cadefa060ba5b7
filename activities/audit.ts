import { databaseEngine } from '../src/checks/database-engine.js';
import { failuresOf, tellFailed } from '../src/checks/tell.js';
import type { CheckSet } from '../src/config/check-set.js';
import type { Connector, AuditInput, LoadAudit } from '../src/connectors/contract.js';
import { checkInput } from '../src/contracts/columns.js';
import type { CheckResult } from '../src/core/checks.js';
import { TerminalError } from '../src/core/errors.js';
import type { AuditStepInput, LoadStepInput } from '../src/core/steps.js';
import { findCheckSet } from './check.js';
import { prepareChecks } from './judge-checks.js';
import type { Services } from './services.js';
import { ChecksFailedError } from './step-activity.js';
import type { StepCall } from './step-call.js';

/** The name by which a check set sees the whole target, as it is once the rows are in it. */
const TARGET = 'target';

type LoadInput = Omit<LoadStepInput, 'input'>;

/**
 * What a load is asked before it is published; `undefined` for a load without an audit. All sets are judged, whichever fail,
 * but for those about the target once one about the rows has failed.
 *
 * @throws TerminalError CAPABILITY_MISSING, CHECK_UNKNOWN, CHECK_INPUTS, CHECK_INVALID
 */
export async function prepareAudit(
  services: Services,
  input: LoadInput,
  call: StepCall,
  connector: Connector,
): Promise<LoadAudit | undefined> {
  const { audit, auditOverride, connection, target } = input;
  if (audit === undefined || audit.length === 0) return undefined;
  if (connector.destination?.capabilities.audits !== true) {
    throw new TerminalError(
      'CAPABILITY_MISSING',
      `Connection "${connection}" (${connector.kind}) cannot audit a load. Check the datasets before it: await run.check(…).`,
    );
  }
  const results: CheckResult[] = [];
  const questions = [];
  for (const each of audit) questions.push(await prepareSet(services, input, call, connector, each, results));
  return {
    questions,
    settle() {
      const failed = failuresOf(results);
      if (failed.length === 0) return results;
      if (auditOverride) {
        for (const result of failed) results[results.indexOf(result)] = { ...result, overridden: true };
        const said = `${auditOverride.by} said: ${auditOverride.reason}`;
        call.log(
          'warn',
          `The load into ${connection}.${target} goes on in spite of its audit, since ${said}. ${tellFailed(failed)}.`,
        );
        return results;
      }
      throw auditFailed(input, failed, results);
    },
  };
}

function auditFailed(
  { run, step, connection, target }: LoadInput,
  failed: readonly CheckResult[],
  results: readonly CheckResult[],
) {
  return new ChecksFailedError(
    'AUDIT_FAILED',
    `The audit refused the load into ${connection}.${target}, which is as it was: ${tellFailed(failed)}. Mend the data or the check and retry, or publish in spite of it: millrace retry ${run.workflowId} --override-audit ${step} --reason "…"`,
    results,
  );
}

async function prepareSet(
  services: Services,
  input: LoadInput,
  call: StepCall,
  connector: Connector,
  { checks: set, inputs: tables = {} }: AuditStepInput,
  results: CheckResult[],
): Promise<LoadAudit['questions'][number]> {
  const definition = findCheckSet(services, set);
  refuseOtherDialect(set, definition, connector, input.connection);
  const { run, step, params = {} } = input;
  const [first = ''] = Object.keys(definition.inputs);
  const judge = await prepareChecks(services, call, { run, step, set, input: first, checks: definition.checks });
  return {
    inputs: auditInputs(set, definition, tables, input),
    async judge(answers) {
      call.phase('auditing');
      results.push(...(await judge(databaseEngine(answers, set, params))));
      call.phase('loading');
    },
  };
}

function refuseOtherDialect(set: string, { checks }: CheckSet, { kind }: Connector, connection: string): void {
  for (const [name, check] of Object.entries(checks)) {
    if (check.check !== 'noRows' || check.dialect === undefined || check.dialect === 'duckdb' || check.dialect === kind) continue;
    throw new TerminalError(
      'CHECK_INVALID',
      `Check "${name}" of "${set}" is written in the SQL of ${check.dialect}, and connection "${connection}" is ${kind}.`,
    );
  }
}

/** Which of a set's inputs is what: tables that are named, the target by its name, and what is loaded for the one that is left. */
function auditInputs(
  set: string,
  { inputs: declared }: CheckSet,
  tables: NonNullable<AuditStepInput['inputs']>,
  { connection }: LoadInput,
): Record<string, AuditInput> {
  const names = Object.keys(declared);
  const strange = Object.keys(tables).find((name) => !names.includes(name));
  if (strange !== undefined) throw wrongInputs(set, `has no input "${strange}". It has: ${names.join(', ')}`);
  const left = names.filter((name) => name !== TARGET && !Object.hasOwn(tables, name));
  if (left.length > 1) {
    throw wrongInputs(
      set,
      `has the inputs ${left.join(', ')}, of which the load brings one. Name the tables that the others are: audit: [{ checks: '${set}', inputs: { ${left.at(-1)}: run.table('${connection}', '…') } }]`,
    );
  }
  return Object.fromEntries(
    names.map((name): [string, AuditInput] => {
      const table = tables[name];
      if (!table) return [name, name === TARGET ? 'target' : 'loaded'];
      if (table.connection !== connection)
        throw wrongInputs(
          set,
          `is given a table of connection "${table.connection}" as "${name}", and the load is into "${connection}"`,
        );
      const contract = declared[name] as CheckSet['inputs'][string];
      const place = { transform: set, input: name, table: table.table };
      return [name, { table: table.table, settle: (columns) => checkInput(contract, columns, place) }];
    }),
  );
}

function wrongInputs(set: string, text: string): TerminalError {
  return new TerminalError('CHECK_INPUTS', `Check set "${set}", of an audit, ${text}.`);
}
