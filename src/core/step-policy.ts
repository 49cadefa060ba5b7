/** How long a step may take and how it is tried again. Durations are Temporal's strings (`'30 minutes'`) or milliseconds. */
export interface StepPolicy {
  /** One attempt's limit. @default '6 hours' */
  readonly timeout?: string | number;
  readonly retry?: {
    /** Attempts in all; 1 means none is repeated. @default 10 */
    readonly attempts?: number;
    /** Pause before the second attempt. @default '1s' */
    readonly initialInterval?: string | number;
    /** Longest pause between attempts. @default '1 minute' */
    readonly maximumInterval?: string | number;
  };
  /** The task queue whose workers run the step. @default the pipeline's `stepQueue`, or the run's own */
  readonly taskQueue?: string;
  /**
   * What happens when the step has failed for good: `'fail'` throws its error in the pipeline; `'wait'` lets the step wait until
   * somebody decides to do it anew, to skip it, or to let it fail. The run's other steps go on meanwhile.
   * @default 'fail'
   */
  readonly onFailure?: 'fail' | 'wait';
  /**
   * The pool of the config in which the step needs a slot while it is at work, or the pool and how many slots the step takes.
   * While it waits for them it holds nothing, no place in a worker either.
   * @default none: it is not limited
   */
  readonly pool?: string | { readonly name: string; readonly weight?: number };
  /**
   * Which of the steps that wait for a pool, or for a worker, goes first: 1 before 5.
   * @default the run's, which is 3 unless its pipeline or its start says otherwise
   */
  readonly priority?: Priority;
  /** Whose step it is, where workers are to be shared fairly between tenants. @default the run's */
  readonly fairness?: Fairness;
}

/** 1 goes first. Temporal has these five, unless it was configured otherwise. */
export type Priority = 1 | 2 | 3 | 4 | 5;

/** Shares of a task queue, where the Temporal server can do that; others take no notice. */
export interface Fairness {
  /** Tasks of each key get their turn, however many another key has: a tenant, a team. At most 64 bytes. */
  readonly key: string;
  /** The key's share against those of others, from 0.001 to 1000. @default 1 */
  readonly weight?: number;
}

/** What says which of several tasks goes first, and whose it is. */
export interface TaskOrder {
  readonly priority?: Priority | undefined;
  readonly fairness?: Fairness | undefined;
}

/** Priority and fairness in Temporal's words. */
export interface TaskPriority {
  readonly priorityKey?: number;
  readonly fairnessKey?: string;
  readonly fairnessWeight?: number;
}

export function taskPriority({ priority, fairness }: TaskOrder): TaskPriority {
  return {
    ...(priority !== undefined && { priorityKey: priority }),
    ...(fairness !== undefined && { fairnessKey: fairness.key }),
    ...(fairness?.weight !== undefined && { fairnessWeight: fairness.weight }),
  };
}

/** The option of a start: nothing where there is nothing to say. */
export function withPriority(order: TaskOrder): { readonly priority?: TaskPriority } {
  const priority = taskPriority(order);
  return Object.keys(priority).length === 0 ? {} : { priority };
}
