import { removedMark, triggerId, type DatasetEvent, type RecalledTrigger } from '../src/core/trigger.js';
import { Context } from '@temporalio/activity';
import { toFailure } from './failure.js';
import { patiently } from './patience.js';
import type { Services } from './services.js';

/** Evaluations that are looked at: of the partitions that wait, and of the latest that were started. */
const MOST = 2_000;

/**
 * What the catalog knows of a trigger whose workflow begins: nothing, the first time and after it was taken out of the config;
 * otherwise what it had written down before somebody ended it.
 */
export function makeRecallTrigger({ catalog, project }: Services) {
  return async ({ pipeline }: { readonly pipeline: string }): Promise<RecalledTrigger> => {
    const trigger = triggerId(project.taskQueue, pipeline);
    try {
      return await patiently(async () => {
        const removed = await catalog.readTriggerMark(removedMark(trigger));
        const since = removed === undefined ? '' : (JSON.parse(removed) as string);
        const waiting = await catalog.listWaitingTriggers(trigger, MOST);
        const started = await catalog.listTriggerEvaluations({ trigger, outcome: 'started', limit: MOST });
        const [pause] = await catalog.listSchedulePauses(trigger);
        const isPaused = pause !== undefined && pause.resumedAt === null && pause.pausedAt > since;
        return {
          waiting: waiting
            .toReversed()
            .filter(({ at, kind }) => kind === 'after' && at > since)
            .flatMap(eventsIn),
          done: started
            .toReversed()
            .filter(({ at, kind }) => kind === 'after' && at > since)
            .flatMap(eventsIn),
          paused: isPaused ? { by: pause.by, ...(pause.reason !== null && { reason: pause.reason }) } : null,
        };
      }, Context.current().cancellationSignal);
    } catch (error) {
      throw toFailure(error);
    }
  };
}

function eventsIn({
  partition,
  inputs,
}: {
  readonly partition: string | null;
  readonly inputs: readonly string[];
}): DatasetEvent[] {
  return inputs.map((input) => {
    const at = input.lastIndexOf(' ');
    return { dataset: input.slice(0, at), load: input.slice(at + 1), partition };
  });
}
