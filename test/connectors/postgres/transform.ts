import { randomBytes } from 'node:crypto';
import type { Contract } from '../../../src/config/contract.js';
import type { TransformRequest, TransformResult } from '../../../src/connectors/contract.js';
import { openConnector } from '../../../src/connectors/registry.js';
import { checkInput, checkOutput } from '../../../src/contracts/columns.js';
import type { BoundValue } from '../../../src/core/statement.js';
import { withContext, type ContextOptions } from '../../conformance/context.js';

export interface Transformation extends Partial<Pick<TransformRequest, 'mode' | 'key' | 'partition' | 'connection' | 'facts'>> {
  readonly sql: string;
  readonly values?: Readonly<Record<string, BoundValue>> | readonly BoundValue[];
  /** Each input's table and contract. */
  readonly inputs: Readonly<Record<string, readonly [table: string, contract: Contract]>>;
  readonly output: Contract;
  readonly into: string;
  readonly loadId?: string;
  readonly runPartition?: string;
}

/** Runs a transform in the database that `options` name, as a new load unless it says which. */
export async function transformIn(
  options: Readonly<Record<string, unknown>>,
  given: Transformation,
  contextOptions?: ContextOptions,
): Promise<TransformResult> {
  const connector = await openConnector('postgres', 'warehouse', options);
  const { sql, values = {}, inputs, output, into, loadId = randomBytes(6).toString('hex'), runPartition } = given;
  const request: TransformRequest = {
    name: 'daily',
    mode: given.mode ?? 'replace',
    target: into,
    connection: 'warehouse',
    ...(given.key !== undefined && { key: given.key }),
    ...(given.partition !== undefined && { partition: given.partition }),
    identity: {
      loadId,
      pipeline: 'p',
      step: 'transform:daily',
      ...(runPartition !== undefined && { partition: runPartition }),
      workflowId: 'w',
      runId: 'r',
    },
    statement: { sql, values },
    parameters: Object.keys(values),
    inputs: Object.fromEntries(
      Object.entries(inputs).map(([name, [table, contract]]) => [
        name,
        { table, settle: (columns) => checkInput(contract, columns, { transform: 'daily', input: name, table }) },
      ]),
    ),
    facts: given.facts ?? sql,
    settle: (columns) => checkOutput(output, columns, 'transform "daily"'),
  };
  return withContext(async (context) => {
    if (!connector.destination?.transform) throw new Error('The connector transforms nothing');
    return connector.destination.transform(request, context);
  }, contextOptions);
}
