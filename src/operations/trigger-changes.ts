import type { ResultOf } from '../api/index.js';
import { listenedConnections, triggerSettings } from '../config/trigger-settings.js';
import { filesMark, relayMark, removedMark, triggerId, type TriggerSettings } from '../core/trigger.js';
import {
  describeRelay,
  describeTrigger,
  endTrigger,
  listOwnTriggers,
  setRelay,
  startTrigger,
  tellTrigger,
} from '../temporal/triggers.js';
import type { OperationContext } from './context.js';
import { triggerDifferences, triggerWords } from './trigger-words.js';

type Change = ResultOf<'applyTriggers'>['changes'][number];

/** A change with what it takes to make it. */
interface PlannedChange extends Change {
  readonly make: () => Promise<void>;
}

const nothing = async (): Promise<void> => undefined;

/** Compares the triggers of the config with those that Temporal has of this project. Changes nothing. */
export async function planTriggers(context: OperationContext): Promise<PlannedChange[]> {
  const { temporal, project } = context;
  const { taskQueue } = project;
  const planned: PlannedChange[] = [];
  for (const [pipeline, config] of Object.entries(project.pipelines)) {
    const wanted = triggerSettings(config);
    if (wanted) planned.push(await planOne(context, pipeline, wanted));
  }
  const needed = new Set(planned.map(({ pipeline }) => pipeline));
  for (const pipeline of await listOwnTriggers(temporal, taskQueue)) {
    // One that was ended a moment ago may still be listed.
    const there = needed.has(pipeline) ? undefined : await describeTrigger(temporal, { taskQueue, pipeline });
    if (there?.settings) planned.push(planRemoval(context, pipeline, there.settings));
  }
  return planned;
}

/** Makes the planned changes, and has the relay look where triggers wait for loads. What fails ends it: it can be repeated. */
export async function makeTriggers(
  { temporal, project, catalog }: OperationContext,
  planned: readonly PlannedChange[],
): Promise<void> {
  const { taskQueue } = project;
  const connections = listenedConnections(project.pipelines);
  const before = (await describeRelay(temporal, taskQueue)) ?? [];
  // Taken up again later, it would tell of everything that was loaded meanwhile.
  for (const gone of before.filter((each) => !connections.includes(each))) {
    await catalog.dropTriggerMark(relayMark(taskQueue, gone));
  }
  await setRelay(temporal, taskQueue, connections);
  for (const { make } of planned) await make();
}

async function planOne(context: OperationContext, pipeline: string, wanted: TriggerSettings): Promise<PlannedChange> {
  const { temporal, project } = context;
  const place = { taskQueue: project.taskQueue, pipeline };
  const there = await describeTrigger(temporal, place);
  const known = { pipeline, id: triggerId(place.taskQueue, pipeline), times: triggerWords(wanted).join('; '), note: null };
  if (!there) {
    // Whoever made it meanwhile is another apply; the next one tells whether it is as it should be.
    const make = async (): Promise<void> => void (await startTrigger(temporal, place, { settings: wanted }));
    return { ...known, change: 'created', differences: [], make };
  }
  if (!there.settings) {
    const note =
      'a workflow of this id runs that Millrace has not made; it is left alone. End it, or give the project another task queue';
    return { ...known, change: 'refused', differences: [], note, make: nothing };
  }
  const differences = triggerDifferences(there.settings, wanted);
  if (differences.length === 0) return { ...known, change: 'unchanged', differences, make: nothing };
  const make = async (): Promise<void> => void (await tellTrigger(temporal, place, 'settings', wanted));
  return { ...known, change: 'changed', differences, make };
}

function planRemoval(
  { temporal, project, catalog, caller }: OperationContext,
  pipeline: string,
  there: TriggerSettings,
): PlannedChange {
  const { taskQueue } = project;
  const id = triggerId(taskQueue, pipeline);
  return {
    pipeline,
    id,
    change: 'removed',
    times: triggerWords(there).join('; '),
    differences: [],
    note: null,
    async make() {
      await endTrigger(temporal, { taskQueue, pipeline });
      const at = new Date().toISOString();
      await catalog.writeTriggerMark(removedMark(id), JSON.stringify(at));
      await catalog.dropTriggerMark(filesMark(id));
      await catalog.recordScheduleResume(id, at, caller.name);
    },
  };
}
