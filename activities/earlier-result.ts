import { reusableSteps } from '../src/catalog/index.js';
import { beginsAt, madeAnew } from '../src/core/reuse-rules.js';
import type { EarlierResults, ExtractStepInput, StepId, StepResult } from '../src/core/steps.js';
import { patiently } from './patience.js';
import type { Services } from './services.js';

/** What a step that looks for its earlier result is asked. */
export interface LookRequest {
  readonly step: StepId;
  readonly earlier?: EarlierResults;
}

type Results = ReadonlyMap<StepId, StepResult>;

/** A closed run changes no more; what is kept of a few spares each of many steps reading all of them. */
const KEPT_MS = 60_000;
const KEPT_RUNS = 4;
const kept = new WeakMap<Services, Map<string, { readonly at: number; readonly results: Promise<Results> }>>();

/** What the run that is retried has for a step, if it may be taken over; `undefined` for a step of any other run. */
export async function earlierResult(
  services: Services,
  { step, earlier }: LookRequest,
  signal: AbortSignal,
): Promise<StepResult | undefined> {
  if (!earlier) return undefined;
  const result = (await resultsOf(services, earlier, signal)).get(step);
  return result && (await isStillStaged(services, result)) ? result : undefined;
}

/** Whether the earlier result stands for the step as it is asked for now. */
export function standsFor(result: StepResult, input: LookRequest & Pick<Partial<ExtractStepInput>, 'cursor' | 'after'>): boolean {
  if (input.earlier?.mayTakeOver !== true) return false;
  return !input.step.startsWith('extract:') || beginsAt(input, result);
}

/** The result of a step that was done although there was an earlier one: with whether it came out as another thing. */
export function besideEarlier<R extends StepResult>(before: StepResult | undefined, result: R): R {
  const anew = before && madeAnew(before, result);
  return anew === undefined ? result : { ...result, anew };
}

/** Whether what a step gave is still there to be given again. */
export async function isStillStaged({ staging }: Services, result: StepResult): Promise<boolean> {
  if (!('dataset' in result)) return true;
  // Finding it says that it is in use, to whoever cleans up meanwhile.
  return staging
    .read(result.dataset.uri)
    .then(({ key }) => staging.find(key))
    .then(
      (found) => found !== undefined,
      () => false,
    );
}

function resultsOf(services: Services, earlier: EarlierResults, signal: AbortSignal): Promise<Results> {
  const { workflowId, runId, from } = earlier;
  const runs = kept.get(services) ?? new Map<string, { readonly at: number; readonly results: Promise<Results> }>();
  kept.set(services, runs);
  const key = JSON.stringify([workflowId, runId, from]);
  const known = runs.get(key);
  if (known && Date.now() - known.at < KEPT_MS) return known.results;
  const results = patiently(() => services.catalog.listSteps(workflowId, runId), signal).then(
    (steps) => new Map(reusableSteps(steps, from).map((each) => [each.step, each.result as StepResult])),
  );
  results.catch(() => runs.delete(key));
  runs.delete(key);
  runs.set(key, { at: Date.now(), results });
  for (const old of [...runs.keys()].slice(0, -KEPT_RUNS)) runs.delete(old);
  return results;
}
