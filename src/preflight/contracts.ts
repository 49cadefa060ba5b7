import type { Contract } from '../config/contract.js';
import type { LoadedProject } from '../config/load.js';
import { bindContract } from '../contracts/bind.js';
import { contractColumns } from '../contracts/columns.js';
import { compile } from '../contracts/compile.js';
import { MillraceError } from '../core/errors.js';
import { problemOf, type Problem } from '../core/problems.js';
import { openSession, type EngineSession } from '../engine/session.js';
import { checkContractThreads } from '../rows/check-contracts.js';
import { columnVariants } from './column-variants.js';
import { placeIn } from './config-place.js';

/** Compiles every contract, tries its rules over its columns, and loads those with functions in a thread. */
export async function contractProblems(project: LoadedProject): Promise<Problem[]> {
  const contracts = Object.entries(project.config.contracts);
  if (contracts.length === 0) return [];
  const session = await openSession({ ...project.engine, threads: 1 }, new AbortController().signal);
  try {
    const problems: Problem[] = [];
    for (const [name, contract] of contracts) {
      const error = await failureOf(session, name, contract);
      if (error !== undefined) problems.push(tell(project, name, error));
    }
    // One that does not compile at all would be told twice.
    const unloaded = problems.length === 0 ? await checkContractThreads(project.config, project) : undefined;
    return unloaded === undefined ? problems : [tell(project, ...unloaded)];
  } finally {
    session.close();
  }
}

/** Why a contract cannot judge, whatever the types of its input: text, its own, or others that fit. */
async function failureOf(session: EngineSession, name: string, contract: Contract): Promise<unknown> {
  let first: unknown;
  try {
    const columns = contractColumns(contract);
    const text = columns.map((column) => ({ ...column, type: 'VARCHAR' }));
    for (const [inputs, isText] of [[text, true] as const, ...columnVariants(columns).map((each) => [each, false] as const)]) {
      const error = await bindContract(session, compile(contract, inputs, isText), name).then(
        () => undefined,
        (failure: unknown) => failure,
      );
      if (error === undefined) return undefined;
      first ??= error;
    }
  } catch (error) {
    first = error;
  }
  return first;
}

function tell(project: LoadedProject, name: string, error: unknown): Problem {
  const rule = error instanceof MillraceError ? error.details['rule'] : undefined;
  const path = ['contracts', name, ...(typeof rule === 'string' ? ['rules', rule] : [])];
  const problem = problemOf(error, placeIn(project, path));
  return problem.code === 'INTERNAL'
    ? { ...problem, code: 'CONTRACT_COLUMNS', message: `Contract "${name}" does not compile: ${problem.message}` }
    : problem;
}
