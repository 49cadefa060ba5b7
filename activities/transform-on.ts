import { contractName } from '../src/config/check.js';
import type { Contract } from '../src/config/contract.js';
import type { SqlTransform, Transform } from '../src/config/transform.js';
import type { Destination, TransformRequest, TransformResult, TransformTable } from '../src/connectors/contract.js';
import { checkInput, checkOutput } from '../src/contracts/columns.js';
import { contractHash } from '../src/contracts/hash.js';
import { TerminalError } from '../src/core/errors.js';
import type { LoadStepResult, TransformOnStepInput } from '../src/core/steps.js';
import type { TableInput } from '../src/core/table.js';
import { hashOfFacts } from '../src/engine/dataset-key.js';
import { namingFile, statementOf } from '../src/engine/transform-statement.js';
import { withConnection } from './connection.js';
import { tableFacts } from './lineage.js';
import { identityOf } from './load-identity.js';
import { requireCapability } from './load.js';
import type { Services } from './services.js';
import type { StepOutcome } from './step-activity.js';
import type { StepCall } from './step-call.js';
import { tellTriggers } from './tell-triggers.js';

/** A result may have 2 KB in the history, and says more than its inputs. */
const ROOM_FOR_INPUTS = 1200;

/** Has a connection run a transform between its own tables: a load whose rows never leave it. */
export function transformOn(
  services: Services,
  definition: Transform,
  input: TransformOnStepInput,
  call: StepCall,
): Promise<StepOutcome<LoadStepResult>> {
  if (definition.kind === 'rows') {
    throw new TerminalError(
      'CAPABILITY_MISSING',
      `Transform "${input.transform}" is a TypeScript function, which connection "${input.on}" cannot run. Write it as SQL, or leave out \`on\` and load its result.`,
    );
  }
  requireTables(input);
  return withConnection(services, input.on, call, async ({ kind, destination }) => {
    if (!destination?.transform) {
      throw new TerminalError(
        'CAPABILITY_MISSING',
        `Connection "${input.on}" (${kind}) cannot run transforms. Leave out \`on\` and load the result, or name a database.`,
      );
    }
    requireModes(input, destination);
    const request = await requestFor(services, definition, input);
    call.phase('computing');
    const done = await namingFile(definition, async () => destination.transform?.(request, call) as Promise<TransformResult>);
    const { load, content } = done;
    await tellTriggers(services, destination, { ...load, content, partition: input.run.partition }, call);
    return outcomeOf(input, done);
  });
}

function outcomeOf(input: TransformOnStepInput, { load, content, inputs }: TransformResult): StepOutcome<LoadStepResult> {
  const { partition } = input.run;
  const facts = Object.entries(inputs).flatMap(([name, version]) => tableFacts(version, input.inputs[name]));
  let room = ROOM_FOR_INPUTS;
  const told = facts
    .map(({ uri, content: of }) => ({ uri, content: of }))
    .filter((fact) => (room -= Buffer.byteLength(JSON.stringify(fact)) + 1) >= 0);
  return {
    result: { load, transformed: { content, inputs: told } },
    inputs: facts,
    load: { ...load, content, connection: input.on, ...(partition !== undefined && { partition }) },
  };
}

async function requestFor(services: Services, definition: SqlTransform, input: TransformOnStepInput): Promise<TransformRequest> {
  const { transform: name, on: connection, target, mode, partition, params } = input;
  const statement = await statementOf(services.project.directory, name, definition, params);
  const output = await recordOutput(services, definition.output);
  const key = input.key ?? (definition.output.key.length > 0 ? definition.output.key : undefined);
  const { content: _, ...identity } = identityOf(input, '');
  return {
    name,
    identity,
    connection,
    target,
    mode,
    ...(key && { key }),
    ...(partition && { partition }),
    statement,
    parameters: Object.keys(params),
    inputs: Object.fromEntries(
      Object.entries(input.inputs).map(([each, { table }]) => [each, inputTable(definition, input, each, table)]),
    ),
    facts: hashOfFacts({ name, statement, output, connection, target, mode, key, partition }),
    settle: (columns) => checkOutput(definition.output, columns, `transform "${name}"`),
  };
}

async function recordOutput(services: Services, contract: Contract): Promise<string> {
  const { hash, definition } = contractHash(contract);
  await services.catalog.recordContract({ name: contractName(services.project.config, contract) ?? '', hash, definition });
  return hash;
}

function inputTable({ inputs }: SqlTransform, { transform }: TransformOnStepInput, input: string, table: string): TransformTable {
  const contract = inputs[input] as Contract;
  return { table, settle: (columns) => checkInput(contract, columns, { transform, input, table }) };
}

/** A workflow is not held to its types once it is compiled. @throws TerminalError TRANSFORM_INPUTS, OPTION_INVALID */
export function requireTables({ transform, inputs, on }: TransformOnStepInput): void {
  for (const [input, { connection, table }] of Object.entries<Partial<TableInput>>(inputs)) {
    if (typeof connection !== 'string' || typeof table !== 'string') {
      throw new TerminalError(
        'TRANSFORM_INPUTS',
        `Input "${input}" of transform "${transform}" is a dataset, and on "${on}" it has to be a table there. Give what run.load returned, or run.table('${on}', '…').`,
      );
    }
    if (connection !== on) {
      throw new TerminalError(
        'OPTION_INVALID',
        `Input "${input}" of transform "${transform}" is the table "${table}" in connection "${connection}", and the transform runs on "${on}", which sees its own tables only. Load it there first.`,
      );
    }
  }
}

/** @throws TerminalError OPTION_INVALID, CAPABILITY_MISSING */
export function requireModes(input: TransformOnStepInput, destination: Destination): void {
  const { on: connection, transform, mode, target } = input;
  if (!['append', 'merge', 'replace'].includes(mode)) {
    throw new TerminalError(
      'OPTION_INVALID',
      `Transform "${transform}" on "${connection}" has the mode "${mode}". It can: append, merge, replace.`,
    );
  }
  if (typeof target !== 'string' || target === '') {
    throw new TerminalError(
      'OPTION_INVALID',
      `Transform "${transform}" on "${connection}" needs the table that takes its rows: { table: '…' }.`,
    );
  }
  requireCapability({ ...input, connection }, destination);
}
