import type { AdmittedRun } from '../src/core/admission.js';
import type { DatasetRef } from '../src/core/dataset.js';
import { TerminalError } from '../src/core/errors.js';
import { beginsAt, madeAnew } from '../src/core/reuse-rules.js';
import type { EarlierResults, StepId, StepResult } from '../src/core/steps.js';
import { idOf, type StepCall } from './step-calls.js';

type Taken = Pick<AdmittedRun, 'reuse' | 'reuseFrom' | 'marked'>;

/**
 * What a retry takes over from the run it retries. A step is done anew, and all that is made of its result, when the target
 * has got further meanwhile, so that it would read another range now.
 */
export class Reuse {
  /** Datasets (by URI) and loads (by id) that were made anew in the place of one to take over. */
  private readonly anew = new Set<string>();

  constructor(private readonly taken: Taken) {}

  /** Whether there is anything to take over for a step, or there may be. */
  has(step: StepId): boolean {
    return this.taken.reuse[step] !== undefined || this.taken.reuseFrom !== undefined;
  }

  /**
   * The result that stands for the step as it is called now.
   *
   * @throws TerminalError MARK_INVALID when somebody gave the step a dataset that is not what it is to make
   */
  find(step: StepId, call: StepCall): StepResult | undefined {
    const result = this.taken.reuse[step];
    if (!result) return undefined;
    if (this.taken.marked?.step === step) return refuseOtherContract(call, result);
    if (this.isMadeOfNew(call)) return undefined;
    return call.kind === 'extract' && !beginsAt(call.input, result) ? undefined : result;
  }

  /** What the step's activity is told, where it has to look for an earlier result by itself. */
  earlierOf(call: StepCall): { readonly earlier?: EarlierResults } {
    const { reuseFrom } = this.taken;
    return reuseFrom ? { earlier: { ...reuseFrom, mayTakeOver: !this.isMadeOfNew(call) } } : {};
  }

  /** Told what a step gave that was not taken over; `told` is what its activity says of it, where it knows the earlier one. */
  made(step: StepId, result: StepResult, told?: string): void {
    const before = this.taken.reuse[step];
    const made = before ? madeAnew(before, result) : told;
    if (made !== undefined) this.anew.add(made);
  }

  /** Whether nothing has come out otherwise than in the earlier run so far. */
  get isAsBefore(): boolean {
    return this.anew.size === 0;
  }

  private isMadeOfNew(call: StepCall): boolean {
    return inputsOf(call).some((input) => this.anew.has(input));
  }
}

function refuseOtherContract(call: StepCall, result: StepResult): StepResult {
  const { contract } = call.input;
  if (call.kind !== 'validate' || !('dataset' in result) || result.dataset.contract === contract) return result;
  throw new TerminalError(
    'MARK_INVALID',
    `The dataset that was given for step ${idOf(call)} has passed contract "${result.dataset.contract ?? 'none'}", and the step judges by "${String(contract)}". Give it another dataset.`,
  );
}

/** What a step is given: datasets, or tables as a load has left them. */
function inputsOf({ input }: StepCall): string[] {
  const named = Object.values((input['inputs'] as Record<string, Given> | undefined) ?? {});
  const only = input['input'] as Given | undefined;
  return [...(only === undefined ? [] : [only]), ...named].flatMap(({ uri, loadId }) => uri ?? loadId ?? []);
}

type Given = Partial<Pick<DatasetRef, 'uri'> & { readonly loadId: string }>;
