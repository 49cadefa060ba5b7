import type { DatasetRef } from '../src/core/dataset.js';
import type { DatasetStepResult, LoadStepResult } from '../src/core/steps.js';
import type { StepCall } from './step-calls.js';
import type { Steps } from './steps.js';
import type { Given } from './types.js';

type DescribeLoad = (input: Pick<DatasetRef, 'name'>) => StepCall;

/** What a load leaves with a judgement that it wants to join. */
interface Joining {
  readonly describe: DescribeLoad;
  readonly resolve: (result: LoadStepResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Judgements that are asked for and not begun, by the promise that the pipeline holds of them: a load that is given that
 * promise joins in, and both become one activity.
 */
export class JointSteps {
  private readonly unbegun = new WeakMap<Promise<DatasetRef>, (load: Joining) => void>();

  constructor(private readonly steps: Steps) {}

  validate(given: Given<DatasetRef>, describe: (input: DatasetRef) => StepCall): Promise<DatasetRef> {
    let joining: Joining | undefined;
    const judge = async (): Promise<DatasetRef> => {
      // This wait, of a moment at least, is the time in which a load can join.
      const input = await given;
      this.unbegun.delete(judged);
      const result = await this.begin(describe(input), input, joining);
      return result.dataset;
    };
    const judged = judge();
    this.unbegun.set(judged, (load) => {
      joining = load;
      this.unbegun.delete(judged);
      // When it never comes to the judgement, as after a failed extract, the load ends with it.
      judged.catch(load.reject);
    });
    return judged;
  }

  async load(given: Given<DatasetRef>, describe: DescribeLoad): Promise<LoadStepResult> {
    const join = this.unbegun.get(given as Promise<DatasetRef>);
    if (join) return new Promise((resolve, reject) => join({ describe, resolve, reject }));
    return this.steps.run<LoadStepResult>(describe(await given));
  }

  private begin(validate: StepCall, input: DatasetRef, joining: Joining | undefined): Promise<DatasetStepResult> {
    if (!joining) return this.steps.run<DatasetStepResult>(validate);
    const pair = this.steps.runPair(validate, joining.describe(input));
    pair.load.then(joining.resolve, joining.reject);
    return pair.validate;
  }
}
