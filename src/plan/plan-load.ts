import { keyOf, requireCapability } from '../../activities/load.js';
import { findTransform } from '../../activities/transform-inputs.js';
import { requireModes, requireTables } from '../../activities/transform-on.js';
import type { StepCall } from '../../workflows/step-calls.js';
import { idOf } from '../../workflows/step-calls.js';
import type { Contract } from '../config/contract.js';
import type { CallContext, Connector, Destination, LoadRequest, TargetDescription } from '../connectors/contract.js';
import { checkInput, checkOutput, contractColumns } from '../contracts/columns.js';
import type { Column } from '../core/dataset.js';
import { TerminalError } from '../core/errors.js';
import type { LoadStepInput, LoadStepResult, TransformOnStepInput } from '../core/steps.js';
import { emptySelect } from '../engine/dataset-sql.js';
import { namingFile, statementOf } from '../engine/transform-statement.js';
import { capable, type PlanDesk } from './plan-desk.js';
import type { Outlook, PlannedDataset } from './outlook.js';
import type { PlannedWrite } from './plan.js';

type Written = Omit<LoadStepInput, 'input' | 'run' | 'step'>;

/** What a load would do. @throws what it would fail with */
export async function planLoad(desk: PlanDesk, call: StepCall, input: LoadStepInput, dataset: PlannedDataset): Promise<Outlook> {
  const { connection } = input;
  const key = dataset.columns
    ? keyOf(desk, input, { ...dataset, columns: dataset.columns, contract: dataset.contract })
    : input.key;
  const { value: found, note } = await desk.ask(connection, (connector, context) => {
    const destination = capable(connector.destination, connection, connector, 'cannot be written to');
    requireCapability(input, destination);
    return describe(destination, call, { ...input, ...(key && { key }) }, dataset.columns, context);
  });
  desk.targets.set(`${connection}.${input.target}`, dataset.columns);
  return {
    inputs: [dataset.name],
    writes: written(input, key ?? [], found),
    notes: note ? [note] : [],
    result: loadResult(call, input),
  };
}

async function describe(
  destination: Destination,
  call: StepCall,
  input: Written,
  columns: readonly Column[] | null,
  context: CallContext,
): Promise<TargetDescription | undefined> {
  if (!columns) return undefined;
  const { mode, target, connection, key, partition, deleteFlag, validFrom, schema, watermark } = input;
  const step = idOf(call);
  const request: LoadRequest = {
    identity: { loadId: `plan/${step}`, content: '', pipeline: '', step, workflowId: 'plan', runId: 'plan' },
    mode,
    target,
    connection,
    select: emptySelect(columns),
    columns,
    rows: 0,
    ...(key && { key }),
    ...(partition && { partition }),
    ...(watermark && { watermark }),
    ...(deleteFlag !== undefined && { deleteFlag }),
    ...(validFrom !== undefined && { validFrom }),
    ...(schema !== undefined && { schema }),
  };
  return destination.describe?.(request, context);
}

function written(
  { connection, target, mode, partition }: Pick<Written, 'connection' | 'target' | 'mode' | 'partition'>,
  key: readonly string[],
  found: TargetDescription | undefined,
): PlannedWrite {
  return {
    connection,
    mode,
    key,
    ...(partition && { partition }),
    target: found?.target ?? `${connection}.${target}`,
    exists: found?.exists ?? null,
    columns: found?.columns ?? null,
    changes: found?.changes ?? [],
  };
}

function loadResult(
  call: StepCall,
  { connection, target, mode }: Pick<Written, 'connection' | 'target' | 'mode'>,
): LoadStepResult {
  const loadId = `plan/${idOf(call)}`;
  return { load: { target: `${connection}.${target}`, mode, rows: 0, replaced: 0, alreadyDone: false, loadId, created: false } };
}

/** What a transform in a database would do. @throws what it would fail with */
export async function planTransformOn(desk: PlanDesk, call: StepCall, input: TransformOnStepInput): Promise<Outlook> {
  const { transform: name, on: connection, target, mode, params } = input;
  const definition = findTransform(desk, input);
  if (definition.kind === 'rows') {
    throw new TerminalError(
      'CAPABILITY_MISSING',
      `Transform "${name}" is a TypeScript function, which connection "${connection}" cannot run. Write it as SQL, or leave out \`on\` and load its result.`,
    );
  }
  requireTables(input);
  const key = input.key ?? (definition.output.key.length > 0 ? definition.output.key : undefined);
  const load = { connection, target, mode, ...(key && { key }), ...(input.partition && { partition: input.partition }) };
  let columns: readonly Column[] = contractColumns(definition.output);
  const { value: found, note } = await desk.ask(connection, async (connector, context) => {
    const destination = capable(
      connector.destination?.transform && connector.destination,
      connection,
      connector,
      'cannot run transforms',
    );
    requireModes(input, destination);
    const inputs: Record<string, readonly Column[]> = {};
    for (const [each, { table }] of Object.entries(input.inputs)) {
      inputs[each] = await inputColumns(
        desk,
        connector,
        context,
        { connection, table, name, input: each },
        definition.inputs[each] as Contract,
      );
    }
    const statement = await statementOf(desk.project.directory, name, definition, params);
    const request = { name, connection, statement, inputs, parameters: Object.keys(params) };
    const bound = await namingFile(definition, async () => destination.describeTransform?.(request, context));
    if (bound) columns = checkOutput(definition.output, bound, `transform "${name}"`);
    return describe(destination, call, load, columns, context);
  });
  desk.targets.set(`${connection}.${target}`, columns);
  return {
    inputs: Object.values(input.inputs).map(({ table }) => `${connection}.${table}`),
    columns,
    writes: written(load, key ?? [], found),
    notes: note ? [note] : [],
    result: loadResult(call, load),
  };
}

interface TableOfInput {
  readonly connection: string;
  readonly table: string;
  readonly name: string;
  readonly input: string;
}

/** The columns that a transform would see of a table: as it is, or as an earlier step of the plan would make it. */
async function inputColumns(
  desk: PlanDesk,
  { source }: Connector,
  context: CallContext,
  { connection, table, name, input }: TableOfInput,
  contract: Contract,
): Promise<readonly Column[]> {
  const made = desk.targets.get(`${connection}.${table}`);
  const columns =
    made ?? (await source?.describe?.({ dataset: table, options: { table } }, context))?.columns ?? contractColumns(contract);
  return checkInput(contract, columns, { transform: name, input, table });
}
