import { allHandlersFinished, condition, continueAsNew, proxyActivities, upsertMemo } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { TriggerInput, TriggerSettings } from '../src/core/trigger.js';
import { TriggerState } from './trigger-state.js';
import { listenForEvents } from './trigger-events.js';
import { TriggerWork } from './trigger-work.js';

const { recallTrigger } = proxyActivities<Pick<Activities, 'recallTrigger'>>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '1s', maximumInterval: '1 minute' },
});

/**
 * Stands for what starts a pipeline by itself: takes loads and deliveries as signals, looks for files and asks databases
 * while a timer runs, starts runs, and writes down what it decided and why. It holds no worker's slot while it waits.
 *
 * It never ends: it continues as new when Temporal suggests it, with everything it knows in its argument.
 */
export async function trigger(input: TriggerInput): Promise<void> {
  const state = new TriggerState(input);
  listenForEvents(state, (settings) => showSettings(settings));
  if (!input.carried) state.recall(await recallTrigger({ pipeline: input.pipeline }));
  await new TriggerWork(state, input.turnAfter).untilFull();
  // Only what is in the argument goes on.
  await condition(allHandlersFinished);
  const { carried: _before, settings: _applied, ...rest } = input;
  await continueAsNew<typeof trigger>({ ...rest, settings: state.settings, carried: state.carry() });
}

/** So that `millrace apply` sees them where there is no worker. */
function showSettings(settings: TriggerSettings): void {
  upsertMemo({ millraceTrigger: settings });
}
