import { z } from 'zod';
import type { ResultOf } from '../api/index.js';
import { BUILT_IN_NAMES } from '../config/built-in-pipelines.js';
import type { PipelineConfig } from '../config/project.js';
import { settingsOf } from '../schedules/settings.js';
import { describeTimes } from '../schedules/words.js';
import { pipelineFor, sees, type Handlers, type OperationContext } from './context.js';
import { summarize } from './run-summary.js';

type PipelineView = ResultOf<'getPipeline'>;

/** Latest runs that a pipeline shows. */
const LAST_RUNS = 5;

export const pipelineHandlers: Handlers<'listPipelines' | 'getPipeline'> = {
  async listPipelines(context) {
    const names = Object.entries(context.project.pipelines).filter(([name]) => sees(context, name));
    const items: PipelineView[] = [];
    for (const [name, config] of names) items.push(await pipelineView(context, name, config));
    return { items, next: null };
  },
  getPipeline: (context, { pipeline }) => pipelineView(context, pipeline, pipelineFor(context, pipeline)),
};

async function pipelineView(context: OperationContext, name: string, config: PipelineConfig): Promise<PipelineView> {
  const lastRuns = await context.catalog.listRuns({ pipeline: name, limit: LAST_RUNS });
  return {
    name,
    description: config.description ?? null,
    owner: config.owner ?? null,
    tags: [...(config.tags ?? [])],
    partition: config.partition ? { ...config.partition } : null,
    schedule: scheduleOf(config),
    parameters: parametersOf(config),
    onConflict: config.onConflict ?? 'reject',
    builtIn: BUILT_IN_NAMES.includes(name),
    lastRuns: await Promise.all(lastRuns.map((row) => summarize(context, row))),
  };
}

function scheduleOf(config: PipelineConfig): PipelineView['schedule'] {
  const settings = settingsOf(config);
  return settings ? { times: describeTimes(settings), paused: settings.paused } : null;
}

const parameters = new WeakMap<PipelineConfig, Record<string, unknown>>();

/** What JSON Schema cannot say, as a refinement, the run itself will still hold its parameters to. */
function parametersOf(config: PipelineConfig): Record<string, unknown> {
  const known = parameters.get(config);
  if (known) return known;
  const made = z.toJSONSchema(config.params, { io: 'input', unrepresentable: 'any' });
  parameters.set(config, made);
  return made;
}
