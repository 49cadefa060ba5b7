import { contractName } from '../src/config/check.js';
import type { RowsTransform } from '../src/config/rows.js';
import type { SqlTransform, Transform } from '../src/config/transform.js';
import { checkOutput } from '../src/contracts/columns.js';
import { contractHash } from '../src/contracts/hash.js';
import type { Manifest } from '../src/core/manifest.js';
import type { DatasetStepResult, StepResult, TransformOnStepInput, TransformStepInput } from '../src/core/steps.js';
import { referenceTo, type DraftManifest } from '../src/engine/staging.js';
import { inspectSelect } from '../src/engine/select-guard.js';
import { runTransform } from '../src/engine/transform.js';
import { ENGINE, datasetKey } from '../src/engine/dataset-key.js';
import { openInput } from './input.js';
import { inputFact, parentOf } from './lineage.js';
import type { Services } from './services.js';
import { stepActivity, type StepOutcome } from './step-activity.js';
import { stageOnce, type Staged } from './stage-once.js';
import type { StepCall } from './step-call.js';
import { findTransform, refuseOtherDialect, requireDataset, requireJudged } from './transform-inputs.js';
import { transformOn } from './transform-on.js';
import { declaredParams, namingFile, parametersOf, statementOf } from '../src/engine/transform-statement.js';
import { contractsOf } from '../src/rows/contracts-of.js';
import { codeOf } from '../src/rows/code-hash.js';
import { runRows } from '../src/rows/run-rows.js';

/**
 * Makes a dataset from others: by SQL that sees its inputs and nothing else, or by a function in a thread of its own. Or has
 * a connection make a table from its others.
 */
export function makeTransform(services: Services) {
  return stepActivity<TransformStepInput | TransformOnStepInput, StepResult>(services, 'transform', (input, call) => {
    const definition = findTransform(services, input);
    return 'on' in input ? transformOn(services, definition, input, call) : transformDatasets(services, definition, input, call);
  });
}

async function transformDatasets(
  services: Services,
  definition: Transform,
  input: TransformStepInput,
  call: StepCall,
): Promise<StepOutcome<DatasetStepResult>> {
  refuseOtherDialect(input.transform, definition);
  const task = await prepare(services, definition, input, call);
  const { staged, reused } =
    definition.kind === 'rows'
      ? await transformByFunction(task, definition)
      : await namingFile(definition, () => transformBySql(task, definition));
  return {
    result: { dataset: referenceTo(staged), reused },
    inputs: Object.values(input.inputs).map(inputFact),
    manifest: staged.manifest,
  };
}

/** What a transform needs to know, in whatever form it is written. */
interface TransformTask {
  readonly services: Services;
  readonly input: TransformStepInput;
  readonly call: StepCall;
  readonly inputs: Readonly<Record<string, Manifest>>;
  /** The output's contract: its name, and its version. */
  readonly contract: { readonly name: string; readonly hash: string; readonly definition: string };
  /** Whether the contract's hash says all of it. */
  readonly exact: boolean;
  /** What is part of every key. */
  readonly facts: Readonly<Record<string, unknown>>;
}

async function prepare(
  services: Services,
  definition: Transform,
  input: TransformStepInput,
  call: StepCall,
): Promise<TransformTask> {
  const inputs = await readInputs(services, definition, input);
  const { hash, exact, definition: text } = contractHash(definition.output);
  const name = contractName(services.project.config, definition.output) ?? '';
  const contract = { name, hash, definition: text };
  await services.catalog.recordContract(contract);
  const contents = Object.entries(inputs).map(([each, manifest]) => [each, manifest.content]);
  const facts = { step: 'transform', name: input.transform, contents, output: hash };
  return { services, input, call, inputs, contract, exact, facts };
}

// What may differ from run to run is kept for retries and resets of this run only.
function originOf({ input }: TransformTask, isStable: boolean): string | null {
  return isStable ? null : `${input.run.loadScope}/${input.step}`;
}

async function transformBySql(task: TransformTask, definition: SqlTransform): Promise<Staged> {
  const { services, input, call, inputs } = task;
  const statement = await statementOf(services.project.directory, input.transform, definition, input.params);
  const inspected = await inspectSelect(call.session, input.transform, statement.sql, Object.keys(inputs));
  const origin = originOf(task, !inspected.volatile && task.exact);
  const key = datasetKey({ ...task.facts, statement, origin });
  return stageOnce(services, call, key, async (directory) => {
    call.phase('computing');
    const made = await runTransform(call.session, {
      name: input.transform,
      statement,
      inspected,
      inputs: await openInputs(task),
      parameters: Object.keys(input.params),
      stagingRoot: services.staging.root,
      directory,
      settle: (columns) => checkOutput(definition.output, columns, `transform "${input.transform}"`),
      orderBy: definition.output.key,
    });
    return describe(task, { ...made, parts: [made.part] });
  });
}

async function transformByFunction(task: TransformTask, definition: RowsTransform): Promise<Staged> {
  const { services, input, call } = task;
  const { project } = services;
  const params = parametersOf(input.transform, definition, input.params);
  const code = codeOf(project.configPath, definition.load);
  const isKnown = code.exact && task.exact && Object.values(definition.inputs).every((contract) => contractHash(contract).exact);
  const reproducible = definition.deterministic === true && isKnown;
  const key = datasetKey({
    ...task.facts,
    code: code.hash,
    // Those of the inputs say as which values the function sees them.
    contracts: contractsOf(definition),
    params: declaredParams(definition, input.params),
    origin: originOf(task, reproducible),
  });
  return stageOnce(services, call, key, async (directory) => {
    call.phase('computing');
    const made = await runRows(call.session, {
      name: input.transform,
      definition,
      project,
      inputs: await openInputs(task),
      params,
      stagingRoot: services.staging.root,
      directory,
      signal: call.signal,
      progress: call.progress,
    });
    return describe(task, { ...made, reproducible });
  });
}

async function openInputs({ services, call, inputs }: TransformTask): Promise<Readonly<Record<string, Manifest>>> {
  const opened: Record<string, Manifest> = {};
  for (const [name, manifest] of Object.entries(inputs)) opened[name] = (await openInput(services, call, manifest)).manifest;
  return opened;
}

function describe(
  { input, call, inputs, contract }: TransformTask,
  made: Pick<DraftManifest, 'columns' | 'parts' | 'reproducible'> & { readonly rows: number },
): DraftManifest {
  call.progress(made.rows);
  return {
    name: input.transform,
    rows: made.rows,
    columns: made.columns,
    contract,
    parents: Object.values(input.inputs).map(parentOf),
    reproducible: made.reproducible && Object.values(inputs).every((manifest) => manifest.reproducible),
    parts: made.parts,
    engine: ENGINE,
  };
}

async function readInputs(
  services: Services,
  definition: Transform,
  { inputs, transform: name }: TransformStepInput,
): Promise<Record<string, Manifest>> {
  const manifests: Record<string, Manifest> = {};
  for (const [input, reference] of Object.entries(inputs)) {
    requireDataset(name, input, reference);
    const manifest = await services.staging.read(reference.uri);
    requireJudged(services, definition, { transform: name, input, dataset: manifest.name, contract: manifest.contract?.name });
    manifests[input] = manifest;
  }
  return manifests;
}
