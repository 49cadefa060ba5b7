import { duckdbChecks, refuseOtherDialect } from '../src/checks/duckdb-engine.js';
import { failuresOf, tellFailed } from '../src/checks/tell.js';
import { contractName } from '../src/config/check.js';
import type { CheckSet } from '../src/config/check-set.js';
import { outcomeOf } from '../src/core/checks.js';
import { TerminalError } from '../src/core/errors.js';
import type { Manifest } from '../src/core/manifest.js';
import type { CheckStepInput, CheckStepResult } from '../src/core/steps.js';
import { namingDamaged } from '../src/engine/damaged-parts.js';
import { openInput } from './input.js';
import { judgeChecks } from './judge-checks.js';
import { inputFact } from './lineage.js';
import type { Services } from './services.js';
import { ChecksFailedError, stepActivity } from './step-activity.js';
import type { StepCall } from './step-call.js';

/** Judges datasets by a check set of the config. It writes nothing but its results, into the catalog. */
export function makeCheck(services: Services) {
  return stepActivity<CheckStepInput, CheckStepResult>(services, 'check', async (input, call) => {
    const { checks: set, run, step, params } = input;
    const definition = findCheckSet(services, set);
    for (const [name, check] of Object.entries(definition.checks)) {
      if (check.check === 'noRows') refuseOtherDialect(set, name, check.dialect);
    }
    const inputs = await openInputs(services, call, definition, input);
    const parts = Object.values(inputs).flatMap((manifest) => manifest.parts);
    const results = await namingDamaged(parts, async () => {
      const engine = await duckdbChecks(call.session, { set, inputs, stagingRoot: services.staging.root, params });
      const [first = ''] = Object.keys(definition.inputs);
      return judgeChecks(services, call, engine, { run, step, set, input: first, checks: definition.checks });
    });
    const failed = failuresOf(results);
    if (failed.length > 0) {
      throw new ChecksFailedError(
        'CHECK_FAILED',
        `${failed.length} of ${results.length} checks of "${set}" failed. ${tellFailed(failed)}. See all with: millrace show ${run.workflowId}`,
        results,
      );
    }
    return { result: { checked: outcomeOf(results) }, inputs: Object.values(input.inputs).map(inputFact), checks: results };
  });
}

/** @throws TerminalError CHECK_UNKNOWN */
export function findCheckSet({ project }: Services, name: string): CheckSet {
  const sets = project.config.checks ?? {};
  const found = Object.hasOwn(sets, name) ? sets[name] : undefined;
  if (found) return found;
  throw new TerminalError(
    'CHECK_UNKNOWN',
    `The config has no check set "${name}". It has: ${Object.keys(sets).join(', ') || 'none'}. Correct the name, or add it to \`checks\`.`,
  );
}

async function openInputs(
  services: Services,
  call: StepCall,
  { inputs: declared }: CheckSet,
  { checks: set, inputs: given }: CheckStepInput,
): Promise<Record<string, Manifest>> {
  const names = Object.keys(declared);
  if (names.toSorted().join() !== Object.keys(given).toSorted().join()) {
    throw new TerminalError(
      'CHECK_INPUTS',
      `Check set "${set}" declares the inputs ${names.join(', ')} and was given ${Object.keys(given).join(', ') || 'none'}.`,
    );
  }
  const manifests: Record<string, Manifest> = {};
  for (const name of names) {
    const reference = given[name];
    // A workflow is not held to its types once it is compiled.
    if (typeof reference?.uri !== 'string') {
      throw new TerminalError(
        'CHECK_INPUTS',
        `Input "${name}" of check set "${set}" is no dataset. Pass what run.validate or run.transform gave; what a load brings is checked by its \`audit\`.`,
      );
    }
    const manifest = await services.staging.read(reference.uri);
    const wanted = contractName(services.project.config, declared[name] as CheckSet['inputs'][string]);
    if (manifest.contract?.name !== wanted) {
      const found = manifest.contract ? `was judged by "${manifest.contract.name}"` : 'was judged by none';
      throw new TerminalError(
        'CHECK_INPUTS',
        `Input "${name}" of check set "${set}" has to have passed contract "${String(wanted)}"; the dataset "${manifest.name}" ${found}.`,
      );
    }
    manifests[name] = (await openInput(services, call, manifest)).manifest;
  }
  return manifests;
}
