import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineSignal,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { RelayInput } from '../src/core/trigger.js';

// A ledger that cannot be read now is read by the next look, from where the last one that succeeded has got.
const { relayLoads } = proxyActivities<Pick<Activities, 'relayLoads'>>({
  startToCloseTimeout: '5 minutes',
  retry: { initialInterval: '1s', maximumAttempts: 2 },
});

/**
 * Looks again and again into the ledgers of connections, and tells triggers of every load that is there: so that one counts
 * whose worker died, or whose run was terminated, between its commit and its word. How far it has got is kept in the catalog.
 */
export async function relay(input: RelayInput): Promise<void> {
  let asked = false;
  let { connections } = input;
  let changed = false;
  setHandler(defineSignal('look'), () => void (asked = true));
  setHandler(defineSignal<[readonly string[]]>('connections'), (wanted) => {
    connections = wanted;
    changed = true;
  });
  for (let looks = 0; !isFull(input, looks); looks += 1) {
    asked = false;
    changed = false;
    await Promise.all(connections.map((connection) => look(connection, input.since)));
    await condition(() => asked || changed, input.everyMs);
  }
  await condition(allHandlersFinished);
  await continueAsNew<typeof relay>({ ...input, connections });
}

async function look(connection: string, since: string): Promise<void> {
  // What is wrong is told by the activity, and looked at again next time.
  await relayLoads({ connection, since }).catch(() => undefined);
}

function isFull({ turnAfter }: RelayInput, looks: number): boolean {
  return turnAfter === undefined ? workflowInfo().continueAsNewSuggested : looks >= turnAfter;
}
