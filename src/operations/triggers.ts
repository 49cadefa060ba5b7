import { z } from 'zod';
import { requireNoScope } from '../access/caller.js';
import type { ParsedInputOf, ResultOf } from '../api/index.js';
import type { TriggerEvaluationRow } from '../catalog/index.js';
import { triggerSettings } from '../config/trigger-settings.js';
import { TerminalError } from '../core/errors.js';
import { triggerId, type TriggerSettings } from '../core/trigger.js';
import { askRelay, describeTrigger, tellTrigger, type TemporalTrigger } from '../temporal/triggers.js';
import { pipelineFor, sees, type Handlers, type OperationContext } from './context.js';
import { readCursor, writeCursor } from './cursor.js';
import { makeTriggers, planTriggers } from './trigger-changes.js';
import { triggerDifferences, triggerWords } from './trigger-words.js';

type TriggerHandlers = Handlers<
  | 'listTriggers'
  | 'getTrigger'
  | 'listTriggerEvaluations'
  | 'applyTriggers'
  | 'pauseTrigger'
  | 'resumeTrigger'
  | 'evaluateTrigger'
>;
type View = ResultOf<'pauseTrigger'>;

/** What is shown in full. */
const LATEST = 20;
const WAITING = 100;
const place = z.object({ lastId: z.string() });

export const triggerHandlers: TriggerHandlers = {
  listTriggers,
  getTrigger,
  listTriggerEvaluations,
  async applyTriggers(context, { dryRun }) {
    requireNoScope(context.caller, 'applying triggers, which is of all pipelines');
    const planned = await planTriggers(context);
    const changes = planned.map(({ make: _make, ...change }) => change);
    if (!dryRun) await makeTriggers(context, planned);
    return { applied: !dryRun, changes };
  },
  pauseTrigger: (context, input) => setState(context, input, true),
  resumeTrigger: (context, input) => setState(context, input, false),
  async evaluateTrigger(context, { pipeline }) {
    const { temporal, project, states, caller } = context;
    const { taskQueue } = project;
    const config = pipelineFor(context, pipeline);
    const isThere = await tellTrigger(temporal, { taskQueue, pipeline }, 'evaluate', { by: caller.name });
    if (!isThere) throw notApplied(pipeline, config.triggers !== undefined);
    await askRelay(temporal, taskQueue);
    return { pipeline, id: triggerId(taskQueue, pipeline), worker: await states.hasWorker(taskQueue) };
  },
};

async function listTriggers(context: OperationContext): Promise<ResultOf<'listTriggers'>> {
  const { project, states, temporal } = context;
  const configured = Object.entries(project.pipelines).flatMap(([name, { triggers }]) => (triggers ? [name] : []));
  const removed = (await states.triggers()).filter((name) => !configured.includes(name));
  const items: View[] = [];
  for (const pipeline of [...configured, ...removed].filter((name) => sees(context, name))) {
    const there = await describeTrigger(temporal, { taskQueue: project.taskQueue, pipeline });
    if (there || configured.includes(pipeline)) items.push(await viewOf(context, pipeline, there));
  }
  return { items, next: null };
}

async function viewOf(
  { project, catalog }: OperationContext,
  pipeline: string,
  there: TemporalTrigger | undefined,
): Promise<View> {
  const id = triggerId(project.taskQueue, pipeline);
  const wanted = wantedOf(project.pipelines, pipeline);
  const settings = wanted ?? there?.settings;
  const [last] = await catalog.listTriggerEvaluations({ trigger: id, limit: 1 });
  const [pause] = await catalog.listSchedulePauses(id);
  const paused = there && pause?.resumedAt === null ? pause : undefined;
  const active = paused ? 'paused' : 'active';
  return {
    pipeline,
    id,
    state: wanted ? (there ? active : 'not applied') : 'not in the config',
    when: settings ? triggerWords(settings) : [],
    note: paused ? `paused by ${paused.by}${paused.reason === null ? '' : `: ${paused.reason}`}` : null,
    last: last ? evaluationView(last) : null,
  };
}

async function getTrigger(context: OperationContext, { pipeline }: ParsedInputOf<'getTrigger'>): Promise<ResultOf<'getTrigger'>> {
  const { project, catalog, temporal } = context;
  pipelineFor(context, pipeline);
  const there = await describeTrigger(temporal, { taskQueue: project.taskQueue, pipeline });
  const wanted = wantedOf(project.pipelines, pipeline);
  if (!wanted && !there) throw notApplied(pipeline, false);
  const view = await viewOf(context, pipeline, there);
  const waiting = await catalog.listWaitingTriggers(view.id, WAITING);
  const evaluations = await catalog.listTriggerEvaluations({ trigger: view.id, limit: LATEST });
  return {
    ...view,
    differences: wanted && there?.settings ? triggerDifferences(there.settings, wanted) : [],
    waiting: waiting.map(evaluationView),
    evaluations: evaluations.map(evaluationView),
  };
}

async function listTriggerEvaluations(
  context: OperationContext,
  { pipeline, partition, outcome, limit, cursor }: ParsedInputOf<'listTriggerEvaluations'>,
): Promise<ResultOf<'listTriggerEvaluations'>> {
  pipelineFor(context, pipeline);
  const rows = await context.catalog.listTriggerEvaluations({
    trigger: triggerId(context.project.taskQueue, pipeline),
    ...(partition !== undefined && { partition }),
    ...(outcome !== undefined && { outcome }),
    ...(cursor !== undefined && { after: readCursor(cursor, place).lastId }),
    limit: limit + 1,
  });
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const next = rows.length > limit && last ? writeCursor({ lastId: last.lastId }) : null;
  return { items: page.map(evaluationView), next };
}

async function setState(
  context: OperationContext,
  { pipeline, reason }: ParsedInputOf<'pauseTrigger'>,
  paused: boolean,
): Promise<View> {
  const { temporal, project, catalog, caller } = context;
  const { taskQueue } = project;
  const config = pipelineFor(context, pipeline);
  const id = triggerId(taskQueue, pipeline);
  const request = { by: caller.name, ...(reason !== undefined && { reason }) };
  // It counts from when the workflow hears of it, which needs a worker; until then nothing is started either.
  const isThere = await tellTrigger(temporal, { taskQueue, pipeline }, paused ? 'pause' : 'resume', request);
  if (!isThere) throw notApplied(pipeline, config.triggers !== undefined);
  const [before] = await catalog.listSchedulePauses(id);
  const at = new Date().toISOString();
  const wasPaused = before?.resumedAt === null;
  if (paused && !wasPaused) {
    await catalog.recordSchedulePause({ schedule: id, pausedAt: at, by: caller.name, reason: reason ?? null });
  }
  if (!paused && wasPaused) await catalog.recordScheduleResume(id, at, caller.name);
  return viewOf(context, pipeline, await describeTrigger(temporal, { taskQueue, pipeline }));
}

function wantedOf(pipelines: OperationContext['project']['pipelines'], pipeline: string): TriggerSettings | undefined {
  const config = Object.hasOwn(pipelines, pipeline) ? pipelines[pipeline] : undefined;
  return config && triggerSettings(config);
}

function evaluationView(row: TriggerEvaluationRow): NonNullable<View['last']> {
  const { trigger: _trigger, pipeline: _pipeline, lastId: _last, inputs, ...view } = row;
  return { ...view, inputs: [...inputs] };
}

function notApplied(pipeline: string, isConfigured: boolean): TerminalError {
  const message = isConfigured
    ? `The triggers of "${pipeline}" do not work yet. Let them begin with \`millrace apply\`.`
    : `The pipeline "${pipeline}" has no triggers. Give it some in the config, as triggers: { after: ['warehouse.orders'] }, then run \`millrace apply\`.`;
  return new TerminalError('TRIGGER_UNKNOWN', message);
}
