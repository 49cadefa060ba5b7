import { z } from 'zod';
import { TRIGGER_OUTCOMES } from '../../core/trigger.js';
import { time } from './lists.js';

export const triggerEvaluation = z
  .object({
    id: z.string(),
    kind: z.enum(['after', 'files', 'sql', 'webhook']),
    partition: z.string().nullable(),
    at: time.describe('When the latest of these evaluations was.'),
    firstAt: time,
    times: z.number().int().describe('How many, one after the other, came to the same.'),
    outcome: z.enum(TRIGGER_OUTCOMES),
    code: z.string().nullable(),
    reason: z.string().nullable().describe('Why no run was started.'),
    inputs: z.array(z.string()).describe('What it was decided by: datasets with their loads, files, an answer, a delivery.'),
    workflowId: z.string().nullable().describe('The run that was started, or that has to end before.'),
    runId: z.string().nullable(),
  })
  .meta({ id: 'TriggerEvaluation' });

export const trigger = z
  .object({
    pipeline: z.string(),
    id: z.string().describe('The id of its workflow.'),
    state: z
      .enum(['active', 'paused', 'not applied', 'not in the config'])
      .describe('`not applied`: the config has it and Temporal not; `not in the config`: the other way round.'),
    when: z.array(z.string()).describe('What starts the pipeline, in words.'),
    note: z.string().nullable().describe('Who has paused it, and why.'),
    last: triggerEvaluation.nullable(),
  })
  .meta({ id: 'Trigger' });

export const triggerDetail = trigger
  .extend({
    differences: z
      .array(z.object({ field: z.string(), before: z.string(), after: z.string() }))
      .describe('What `millrace apply` would change.'),
    waiting: z.array(triggerEvaluation).describe('What waits, of each partition, and for what; 100 at most.'),
    evaluations: z.array(triggerEvaluation).describe('The latest ones.'),
  })
  .meta({ id: 'TriggerDetail' });

export const triggerChange = z
  .object({
    pipeline: z.string(),
    id: z.string(),
    change: z.enum(['created', 'changed', 'removed', 'unchanged', 'refused']),
    times: z.string().describe('What starts the pipeline, in words.'),
    differences: z.array(z.object({ field: z.string(), before: z.string(), after: z.string() })),
    note: z.string().nullable(),
  })
  .meta({ id: 'TriggerChange' });
