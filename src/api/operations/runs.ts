import { z } from 'zod';
import { operation } from '../operation.js';
import { bound, CURSOR, jsonObject, listOf, pageInput } from '../schemas/lists.js';
import { RUN_STATES } from '../../core/run-states.js';
import { historyEvent, run, runAddress, runSummary, startedRun } from '../schemas/runs.js';

export const RUN_OPERATIONS = {
  listRuns: operation({
    method: 'get',
    path: '/v1/runs',
    tag: 'runs',
    role: 'viewer',
    summary: 'Lists runs, the latest first.',
    input: z.object({
      pipeline: z.string().optional(),
      partition: z.string().optional(),
      owner: z.string().optional(),
      status: z.enum(RUN_STATES).optional(),
      since: bound.optional().describe('Only runs that started then or later.'),
      until: bound.optional().describe('Only runs that started before.'),
      ...pageInput,
    }),
    result: listOf(runSummary),
  }),
  startRun: operation({
    method: 'post',
    path: '/v1/runs',
    tag: 'runs',
    role: 'operator',
    summary: 'Starts a run of a pipeline.',
    input: z.object({
      pipeline: z.string().min(1),
      params: jsonObject.default({}),
      id: z
        .string()
        .min(1)
        .max(1000)
        .optional()
        .describe('The workflow id. Without it: the pipeline with its partition, or an id of its own.'),
      onConflict: z
        .enum(['reuse', 'reject', 'replace'])
        .optional()
        .describe(
          "What to do while a run of its id is running: give that one, refuse, or stop it first. The pipeline's own by default.",
        ),
      idempotencyKey: z
        .string()
        .min(1)
        .max(255)
        .optional()
        .describe('Calls with the same key start one run; by HTTP it may stand in the header Idempotency-Key.'),
    }),
    result: startedRun,
    status: 201,
    errors: ['PIPELINE_UNKNOWN', 'PARAMETERS_INVALID', 'RUN_ALREADY_RUNNING', 'IDEMPOTENCY_CONFLICT'],
  }),
  getRun: operation({
    method: 'get',
    path: '/v1/runs/{run}',
    tag: 'runs',
    role: 'viewer',
    summary: 'Shows one run with its steps, quality, datasets and result.',
    input: z.object({ run: runAddress }),
    result: run,
    errors: ['RUN_UNKNOWN'],
  }),
  listRunHistory: operation({
    method: 'get',
    path: '/v1/runs/{run}/history',
    tag: 'runs',
    role: 'viewer',
    summary: "Lists the events of a run's history: Temporal's, or the archive's once Temporal has forgotten the run.",
    input: z.object({ run: runAddress, ...pageInput, cursor: z.string().min(1).max(4000).optional().describe(CURSOR) }),
    result: listOf(historyEvent),
    errors: ['RUN_UNKNOWN', 'HISTORY_FORGOTTEN', 'ARCHIVE_DAMAGED'],
  }),
  cancelRun: operation({
    method: 'post',
    path: '/v1/runs/{run}/cancel',
    tag: 'runs',
    role: 'operator',
    summary: 'Asks a run to stop; its steps are interrupted and leave nothing half-loaded.',
    input: z.object({ run: runAddress }),
    result: z.object({ workflowId: z.string(), runId: z.string(), requested: z.boolean(), state: z.enum(RUN_STATES) }),
    status: 202,
    errors: ['RUN_UNKNOWN'],
  }),
} as const;
