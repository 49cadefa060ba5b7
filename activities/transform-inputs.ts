import { contractName } from '../src/config/check.js';
import type { Contract } from '../src/config/contract.js';
import type { Transform } from '../src/config/transform.js';
import type { DatasetRef } from '../src/core/dataset.js';
import { TerminalError } from '../src/core/errors.js';
import type { TransformOnStepInput, TransformStepInput } from '../src/core/steps.js';
import type { Services } from './services.js';

/** @throws TerminalError TRANSFORM_UNKNOWN, TRANSFORM_INPUTS when it is given other inputs than it declares */
export function findTransform(
  { project }: Pick<Services, 'project'>,
  { transform: name, inputs }: Pick<TransformStepInput | TransformOnStepInput, 'transform' | 'inputs'>,
): Transform<Readonly<Record<string, Contract>>> {
  const definition = project.config.transforms[name];
  if (!definition) {
    throw new TerminalError(
      'TRANSFORM_UNKNOWN',
      `The config has no transform "${name}". It has: ${Object.keys(project.config.transforms).join(', ') || 'none'}. Correct the name, or add it to \`transforms\`.`,
    );
  }
  const declared = Object.keys(definition.inputs).toSorted();
  const given = Object.keys(inputs).toSorted();
  if (declared.join() !== given.join()) {
    throw new TerminalError(
      'TRANSFORM_INPUTS',
      `Transform "${name}" declares the inputs ${declared.join(', ')} and was given ${given.join(', ') || 'none'}.`,
    );
  }
  return definition;
}

/** @throws TerminalError OPTION_INVALID */
export function refuseOtherDialect(name: string, definition: Transform): void {
  const dialect = definition.kind === 'sqlFile' ? (definition.dialect ?? 'duckdb') : 'duckdb';
  if (dialect === 'duckdb') return;
  throw new TerminalError(
    'OPTION_INVALID',
    `Transform "${name}" is written in the SQL of ${dialect}, and without a connection DuckDB would run it. Name one: run.transform('${name}', inputs, { on: '…', table: '…', mode: '…' }).`,
  );
}

/** A workflow is not held to its types once it is compiled. @throws TerminalError TRANSFORM_INPUTS */
export function requireDataset(name: string, input: string, reference: Partial<DatasetRef>): void {
  if (typeof reference.uri === 'string') return;
  throw new TerminalError(
    'TRANSFORM_INPUTS',
    `Input "${input}" of transform "${name}" is a table, not a dataset. Name the connection that is to run the transform ({ on: '…', table: '…', mode: '…' }), or extract the table and validate it first.`,
  );
}

/** What a transform is given as one of its inputs. */
export interface GivenInput {
  readonly transform: string;
  readonly input: string;
  readonly dataset: string;
  /** The contract that has judged it. */
  readonly contract: string | undefined;
}

/** @throws TerminalError TRANSFORM_INPUTS when the dataset has not passed the contract that the input declares */
export function requireJudged(
  { project }: Pick<Services, 'project'>,
  definition: Transform,
  { transform, input, dataset, contract }: GivenInput,
): void {
  const wanted = contractName(project.config, definition.inputs[input] as Contract);
  if (contract === wanted) return;
  const found = contract === undefined ? 'was judged by none' : `was judged by "${contract}"`;
  throw new TerminalError(
    'TRANSFORM_INPUTS',
    `Input "${input}" of transform "${transform}" has to have passed contract "${String(wanted)}"; the dataset "${dataset}" ${found}.`,
  );
}
