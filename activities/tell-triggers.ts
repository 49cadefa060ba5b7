import { createHash } from 'node:crypto';
import { Context } from '@temporalio/activity';
import { connectionOf, datasetsOf } from '../src/config/trigger-settings.js';
import type { Destination } from '../src/connectors/contract.js';
import { messageOf } from '../src/core/errors.js';
import type { DatasetEvent } from '../src/core/trigger.js';
import { tellTrigger } from '../src/temporal/triggers.js';
import type { Services } from './services.js';
import type { StepCall } from './step-call.js';
import { ownTemporal } from './temporal-client.js';

/** How long a load waits for its word to be taken; the relay brings it to those who did not hear it. */
const DEADLINE_MS = 2_000;

/** A load, as far as triggers care. */
export interface ToldLoad {
  /** As the ledger and `LoadResult` name it: with the connection. */
  readonly target: string;
  readonly loadId: string;
  readonly content: string;
  readonly partition?: string | undefined;
}

/**
 * Tells the triggers that wait for this target of a load, also of one that was found done: who did it may have died before
 * it could. Nothing of the load depends on it.
 */
export async function tellTriggers(
  services: Pick<Services, 'project' | 'checkpoint'>,
  destination: Destination,
  load: ToldLoad,
  call: Pick<StepCall, 'log'>,
): Promise<void> {
  const events = eventsOf(services.project, destination, load);
  if (events.size === 0) return;
  const temporal = ownTemporal(Context.current());
  const { taskQueue } = services.project;
  try {
    await temporal.client.withDeadline(Date.now() + DEADLINE_MS, async () => {
      for (const [pipeline, told] of events) await tellTrigger(temporal, { taskQueue, pipeline }, 'loads', told);
    });
  } catch (error) {
    call.log('warn', `The triggers that wait for ${load.target} hear of this load later, from the relay: ${messageOf(error)}`);
  }
}

/** What each pipeline that waits for a load's target is to be told of it. */
export function eventsOf(
  { pipelines }: Services['project'],
  destination: Pick<Destination, 'ledgerName'>,
  { target, loadId, content, partition }: ToldLoad,
): ReadonlyMap<string, readonly DatasetEvent[]> {
  const connection = connectionOf(target);
  const found = new Map<string, DatasetEvent[]>();
  for (const [dataset, waiting] of datasetsOf(pipelines, connection)) {
    if (!isMeant(dataset.slice(connection.length + 1), target.slice(connection.length + 1), destination)) continue;
    const load = createHash('sha256')
      .update(JSON.stringify([loadId, content]))
      .digest('hex')
      .slice(0, 16);
    const event = { dataset, partition: partition ?? null, load };
    for (const pipeline of waiting) found.set(pipeline, [...(found.get(pipeline) ?? []), event]);
  }
  return found;
}

/** Whether a target, as the ledger names it, is one that somebody waits for, as the config names it. */
function isMeant(
  wanted: string,
  target: string,
  { ledgerName = (name: string) => name }: Pick<Destination, 'ledgerName'>,
): boolean {
  if (!wanted.includes('*')) return ledgerName(wanted) === target;
  const parts = ledgerName(wanted)
    .split('*')
    .map((part) => part.replaceAll(/[$()+.?[\\\]^{|}]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`, 'u').test(target);
}
