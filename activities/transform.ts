import type { Contract } from '../src/config/contract.js';
import { contractName } from '../src/config/check.js';
import type { Transform } from '../src/config/transform.js';
import { checkOutput } from '../src/contracts/columns.js';
import { contractHash } from '../src/contracts/hash.js';
import { TerminalError } from '../src/core/errors.js';
import type { Manifest } from '../src/core/manifest.js';
import type { DatasetStepResult, TransformStepInput } from '../src/core/steps.js';
import { verifyParts } from '../src/engine/part-files.js';
import { referenceTo } from '../src/engine/staging.js';
import { inspectSelect } from '../src/engine/select-guard.js';
import { runTransform } from '../src/engine/transform.js';
import { ENGINE, datasetKey } from '../src/engine/dataset-key.js';
import { inputFact, parentOf } from './lineage.js';
import type { Services } from './services.js';
import { stepActivity } from './step-activity.js';
import { stageOnce, type Staged } from './stage-once.js';
import type { StepCall } from './step-call.js';
import { namingFile, statementOf } from '../src/engine/transform-statement.js';

/** Makes a dataset from others, by SQL that sees its inputs and nothing else. */
export function makeTransform(services: Services) {
  return stepActivity<TransformStepInput, DatasetStepResult>(services, 'transform', async (input, call) => {
    const definition = services.project.config.transforms[input.transform];
    const { staged, reused } = await namingFile(definition, () => transform(services, input, call));
    return {
      result: { dataset: referenceTo(staged), reused },
      inputs: Object.values(input.inputs).map(inputFact),
      manifest: staged.manifest,
    };
  });
}

async function transform(services: Services, input: TransformStepInput, call: StepCall): Promise<Staged> {
  const definition = findTransform(services, input);
  const inputs = await readInputs(services, definition, input);
  const statement = await statementOf(services.project.directory, input.transform, definition, input.params);
  const contents = Object.entries(inputs).map(([name, manifest]) => [name, manifest.content]);
  const { hash, exact, definition: text } = contractHash(definition.output);
  const output = contractName(services.project.config, definition.output) ?? '';
  await services.catalog.recordContract({ name: output, hash, definition: text });
  const inspected = await inspectSelect(call.session, input.transform, statement.sql, Object.keys(inputs));
  // What may differ from run to run is kept for retries and resets of this run only.
  const origin = inspected.volatile || !exact ? `${input.run.loadScope}/${input.step}` : null;
  const key = datasetKey({ step: 'transform', name: input.transform, statement, contents, output: hash, origin });
  return stageOnce(services, call, key, async (directory) => {
    call.phase('computing');
    const made = await runTransform(call.session, {
      name: input.transform,
      statement,
      inspected,
      inputs,
      parameters: Object.keys(input.params),
      stagingRoot: services.staging.root,
      directory,
      settle: (columns) => checkOutput(definition.output, columns, `transform "${input.transform}"`),
      orderBy: definition.output.key,
    });
    call.progress(made.rows);
    return {
      name: input.transform,
      rows: made.rows,
      columns: made.columns,
      contract: { name: output, hash },
      parents: Object.values(input.inputs).map(parentOf),
      reproducible: made.reproducible && Object.values(inputs).every((manifest) => manifest.reproducible),
      parts: [made.part],
      engine: ENGINE,
    };
  });
}

function findTransform(
  { project }: Services,
  { transform: name, inputs }: TransformStepInput,
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

async function readInputs(
  services: Services,
  definition: Transform,
  { inputs, transform: name }: TransformStepInput,
): Promise<Record<string, Manifest>> {
  const manifests: Record<string, Manifest> = {};
  for (const [input, reference] of Object.entries(inputs)) {
    const manifest = await services.staging.read(reference.uri);
    await verifyParts(manifest.parts, services.staging.root);
    const wanted = contractName(services.project.config, definition.inputs[input] as Contract);
    if (manifest.contract?.name !== wanted) {
      const found = manifest.contract ? `was judged by "${manifest.contract.name}"` : 'was judged by none';
      throw new TerminalError(
        'TRANSFORM_INPUTS',
        `Input "${input}" of transform "${name}" has to have passed contract "${String(wanted)}"; the dataset "${manifest.name}" ${found}.`,
      );
    }
    manifests[input] = manifest;
  }
  return manifests;
}
