import type { DatasetRef } from '../src/core/dataset.js';
import type { ExtractStepInput, StepId, StepResult } from '../src/core/steps.js';
import type { StepCall } from './step-calls.js';

/**
 * What a retry takes over from the run it retries. A step is done anew, and all that is made of its result, when the target
 * has got further meanwhile, so that it would read another range now.
 */
export class Reuse {
  /** Datasets (by URI) and loads (by id) that were made anew in the place of one to take over. */
  private readonly anew = new Set<string>();

  constructor(private readonly results: Readonly<Record<StepId, StepResult>>) {}

  /** Whether there is anything to take over for a step. */
  has(step: StepId): boolean {
    return this.results[step] !== undefined;
  }

  /** The result that stands for the step as it is called now. */
  find(step: StepId, call: StepCall): StepResult | undefined {
    const result = this.results[step];
    if (!result || inputsOf(call).some((input) => this.anew.has(input))) return undefined;
    return call.kind === 'extract' && !beginsAt(call.input, result) ? undefined : result;
  }

  /** Told what a step gave that was not taken over. */
  made(step: StepId, result: StepResult): void {
    const before = this.results[step];
    if (!before) return;
    if ('load' in result && !result.load.alreadyDone) this.anew.add(result.load.loadId);
    if (!('dataset' in before) || !('dataset' in result)) return;
    if (before.dataset.uri !== result.dataset.uri) this.anew.add(result.dataset.uri);
  }
}

function beginsAt({ cursor, after }: Partial<ExtractStepInput>, result: StepResult): boolean {
  if (cursor === undefined || !('dataset' in result)) return true;
  const { range } = result.dataset;
  if (typeof after !== 'object' || after === null)
    return range?.after === (after === undefined || after === null ? null : String(after));
  return range?.after === after.value && (after.upTo === undefined || after.upTo === range.upTo);
}

/** What a step is given: datasets, or tables as a load has left them. */
function inputsOf({ input }: StepCall): string[] {
  const named = Object.values((input['inputs'] as Record<string, Given> | undefined) ?? {});
  const only = input['input'] as Given | undefined;
  return [...(only === undefined ? [] : [only]), ...named].flatMap(({ uri, loadId }) => uri ?? loadId ?? []);
}

type Given = Partial<Pick<DatasetRef, 'uri'> & { readonly loadId: string }>;
