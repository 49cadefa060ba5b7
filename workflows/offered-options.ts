import type { Project } from '../src/config/project.js';
import type { StepPolicy } from '../src/core/step-policy.js';

/** The pools of a project, by name. */
type PoolOf<P extends Project> = keyof NonNullable<P['pools']> & string;

/** Options every step takes. */
export interface StepOptions<P extends Project = Project> extends Omit<StepPolicy, 'pool'> {
  /** Another name for the step, where its own is taken. */
  readonly as?: string;
  /**
   * The pool of the config in which the step needs a slot while it is at work; or the pool, and how many slots the step takes.
   * While it waits it holds nothing, no place in a worker either. A judgement and a load that are one activity take one slot
   * together.
   * @default none: the step is not limited
   */
  readonly pool?: PoolOf<P> | { readonly name: PoolOf<P>; readonly weight?: number };
}
