import type { Approval, ApprovalCall } from '../src/core/approvals.js';
import type { DatasetStepResult, LoadStepResult, StepResult } from '../src/core/steps.js';
import type { StepCall } from './step-calls.js';

/**
 * What does the steps of a run: activities where it is a workflow; where it is tried out, whatever stands for them. The
 * pipeline's function and the run API over it are the same everywhere.
 */
export interface Steps {
  /** Does one step. Rejects with a failure whose `type` is the error's code. */
  run<R extends StepResult>(call: StepCall): Promise<R>;
  /** Waits until people have approved. Rejects as `run` does. */
  approve(call: ApprovalCall): Promise<Approval>;
  /** Does a judgement and the load of what it accepts. The load's `input` is a name: its rows are what the judgement gives. */
  runPair(validate: StepCall, load: StepCall): PairResult;
}

/** The outcomes of two steps; inside, so that one may fail where the other has not. */
export interface PairResult {
  readonly validate: Promise<DatasetStepResult>;
  readonly load: Promise<LoadStepResult>;
}

/** Does a pair as two steps, one after the other. A failed judgement is the failure of both. */
export function runApart(steps: Pick<Steps, 'run'>, validate: StepCall, load: StepCall): PairResult {
  const judged = steps.run<DatasetStepResult>(validate);
  const loaded = judged.then(({ dataset }) => steps.run<LoadStepResult>({ ...load, input: { ...load.input, input: dataset } }));
  return { validate: judged, load: loaded };
}
