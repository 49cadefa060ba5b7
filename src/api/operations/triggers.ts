import { z } from 'zod';
import { operation } from '../operation.js';
import { listOf, pageInput } from '../schemas/lists.js';
import { TRIGGER_OUTCOMES } from '../../core/trigger.js';
import { trigger, triggerChange, triggerDetail, triggerEvaluation } from '../schemas/triggers.js';

const pipeline = z.string().min(1).max(100);
const reason = z.string().trim().min(1).max(500);
const errors = ['PIPELINE_UNKNOWN', 'TRIGGER_UNKNOWN'] as const;

export const TRIGGER_OPERATIONS = {
  listTriggers: operation({
    method: 'get',
    path: '/v1/triggers',
    tag: 'triggers',
    role: 'viewer',
    summary: 'Lists the triggers of the config and of Temporal, each with its last evaluation.',
    input: z.object({}),
    result: listOf(trigger),
  }),
  getTrigger: operation({
    method: 'get',
    path: '/v1/triggers/{pipeline}',
    tag: 'triggers',
    role: 'viewer',
    summary: 'Shows the triggers of a pipeline: what waits, and for what, and what they decided last.',
    input: z.object({ pipeline }),
    result: triggerDetail,
    errors,
  }),
  listTriggerEvaluations: operation({
    method: 'get',
    path: '/v1/triggers/{pipeline}/evaluations',
    tag: 'triggers',
    role: 'viewer',
    summary: 'Lists what the triggers of a pipeline decided, and why, the latest first.',
    input: z.object({
      pipeline,
      partition: z.string().min(1).max(50).optional(),
      outcome: z.enum(TRIGGER_OUTCOMES).optional(),
      ...pageInput,
    }),
    result: listOf(triggerEvaluation),
    errors: ['PIPELINE_UNKNOWN'],
  }),
  applyTriggers: operation({
    method: 'put',
    path: '/v1/triggers',
    tag: 'triggers',
    role: 'admin',
    summary: 'Makes the triggers in Temporal those of the config, or only tells what that would change.',
    input: z.object({ dryRun: z.boolean().default(false).describe('Tells what would change, and changes nothing.') }),
    result: z.object({ applied: z.boolean(), changes: z.array(triggerChange) }),
  }),
  pauseTrigger: operation({
    method: 'post',
    path: '/v1/triggers/{pipeline}/pause',
    tag: 'triggers',
    role: 'operator',
    summary: 'Lets the triggers of a pipeline start nothing; what happens meanwhile is kept.',
    input: z.object({ pipeline, reason: reason.optional().describe('Why, for whoever asks later.') }),
    result: trigger,
    errors,
  }),
  resumeTrigger: operation({
    method: 'post',
    path: '/v1/triggers/{pipeline}/resume',
    tag: 'triggers',
    role: 'operator',
    summary: 'Lets paused triggers go on, with what has happened meanwhile.',
    input: z.object({ pipeline, reason: reason.optional() }),
    result: trigger,
    errors,
  }),
  evaluateTrigger: operation({
    method: 'post',
    path: '/v1/triggers/{pipeline}/evaluate',
    tag: 'triggers',
    role: 'operator',
    summary: 'Has the triggers of a pipeline look now at everything that may start it.',
    input: z.object({ pipeline }),
    result: z.object({ pipeline: z.string(), id: z.string(), worker: z.boolean() }),
    status: 202,
    errors,
  }),
} as const;
