import {
  ApplicationFailure,
  CancelledFailure,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  proxyActivities,
  setHandler,
} from '@temporalio/workflow';

const { load } = proxyActivities<{ load(): Promise<void> }>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '5s',
  activityId: 'load:delays',
  retry: { maximumAttempts: 1 },
});

/** Gives its arguments back. */
export async function echo(...args: unknown[]): Promise<unknown> {
  return args;
}

/** Fails as a pipeline does. */
export async function refuse(): Promise<void> {
  throw ApplicationFailure.create({
    message: 'Table "delays" does not exist. [TABLE_MISSING]',
    type: 'TABLE_MISSING',
    nonRetryable: true,
  });
}

/** Waits for the signal `go`, telling its state. */
export async function wait(): Promise<string> {
  let told = false;
  setHandler(defineSignal('go'), () => void (told = true));
  setHandler(defineQuery('state'), () => ({ pipeline: 'wait', status: 'running', steps: [] }));
  await condition(() => told);
  return 'gone';
}

/** Has one activity that works until it is cancelled. */
export async function work(): Promise<void> {
  await load();
}

/** Takes an update and never answers it. */
export async function blockedUpdate(): Promise<void> {
  setHandler(defineUpdate<void, [unknown]>('pause'), () => condition(() => false));
  await condition(() => false);
}

/** Takes an update as a workflow does that is cancelled in the same moment. */
export async function cancelledUpdate(): Promise<void> {
  setHandler(defineUpdate<void, [unknown]>('pause'), async () => {
    throw new CancelledFailure('Workflow cancelled');
  });
  await condition(() => false);
}
