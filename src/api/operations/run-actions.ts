import { z } from 'zod';
import { operation } from '../operation.js';
import { jsonObject } from '../schemas/lists.js';
import { runAddress, runPause, startedRun } from '../schemas/runs.js';

const reason = z.string().trim().min(1).max(1000);
const step = z.string().min(1).max(500).describe('Its id, as `load:warehouse.orders`, or its name where only one step has it.');
const idempotencyKey = z
  .string()
  .min(1)
  .max(255)
  .optional()
  .describe('The same request again, with the same key, is answered as the first one was, and nothing is done twice.');

const steeredRun = z
  .object({
    workflowId: z.string(),
    runId: z.string(),
    paused: runPause.nullable(),
    waiting: z.array(z.string()).describe('Steps that wait for a decision: the first hundred.'),
  })
  .meta({ id: 'SteeredRun' });

/** What an open run may refuse, or not be able to answer. */
export const UNSTEERABLE = [
  'RUN_UNKNOWN',
  'RUN_CLOSED',
  'STEERING_INVALID',
  'RUN_NOT_STEERABLE',
  'RUN_NO_WORKER',
  'RUN_VERSION_GONE',
  'RUN_NOT_ANSWERING',
] as const;

/** What is done to a run that has begun, besides cancelling it. */
export const RUN_ACTIONS = {
  pauseRun: operation({
    method: 'post',
    path: '/v1/runs/{run}/pause',
    tag: 'runs',
    role: 'operator',
    summary: 'Lets a run start no more steps; those at work finish.',
    input: z.object({ run: runAddress, reason: reason.optional(), idempotencyKey }),
    result: steeredRun,
    errors: [...UNSTEERABLE, 'RUN_NOT_PAUSABLE'],
  }),
  resumeRun: operation({
    method: 'post',
    path: '/v1/runs/{run}/resume',
    tag: 'runs',
    role: 'operator',
    summary: 'Lets a paused run go on.',
    input: z.object({ run: runAddress, reason: reason.optional(), idempotencyKey }),
    result: steeredRun,
    errors: [...UNSTEERABLE, 'RUN_NOT_PAUSED'],
  }),
  decideStep: operation({
    method: 'post',
    path: '/v1/runs/{run}/decide',
    tag: 'runs',
    role: 'operator',
    summary: 'Decides about a step that has failed and waits: to do it anew, to go on without it, or to let it fail.',
    input: z.object({
      run: runAddress,
      step,
      decision: z.enum(['retry', 'skip', 'abort']),
      reason: reason.optional().describe('To skip needs one.'),
      idempotencyKey,
    }),
    result: steeredRun,
    errors: [...UNSTEERABLE, 'STEP_NOT_WAITING', 'STEP_NOT_SKIPPABLE'],
  }),
  terminateRun: operation({
    method: 'post',
    path: '/v1/runs/{run}/terminate',
    tag: 'runs',
    role: 'operator',
    summary: 'Ends a run where it stands, also without a worker: nothing of it is cleaned up.',
    input: z.object({ run: runAddress, reason }),
    result: z.object({ workflowId: z.string(), runId: z.string() }),
    errors: ['RUN_UNKNOWN', 'RUN_CLOSED', 'STEERING_INVALID'],
  }),
  retryRun: operation({
    method: 'post',
    path: '/v1/runs/{run}/retry',
    tag: 'runs',
    role: 'operator',
    summary: 'Starts a run that takes over what a closed run had finished.',
    input: z.object({
      run: runAddress,
      params: jsonObject.optional().describe('Other parameters than the run had.'),
      from: step.optional().describe('This step and everything made from it is done anew; without it, what had not finished.'),
      overrideAudit: z
        .object({
          step,
          reason,
          by: z
            .string()
            .min(1)
            .max(200)
            .optional()
            .describe('Who says so, where the caller may speak for others: on this machine.'),
        })
        .optional()
        .describe('A load whose audit failed, to be published in spite of it.'),
      idempotencyKey,
    }),
    result: startedRun,
    status: 201,
    errors: ['RUN_UNKNOWN', 'RETRY_INVALID', 'PARAMETERS_INVALID', 'RUN_ALREADY_RUNNING', 'IDEMPOTENCY_CONFLICT'],
  }),
  markStep: operation({
    method: 'post',
    path: '/v1/runs/{run}/mark',
    tag: 'runs',
    role: 'operator',
    summary:
      'Starts a run that takes over what a closed run had finished, and counts one more of its steps as done, with a given dataset.',
    input: z.object({
      run: runAddress,
      step,
      dataset: z.string().min(1).max(500).describe('The URI of a staged dataset: `datasets/ab/abcd…/manifest.json`.'),
      reason,
      params: jsonObject.optional().describe('Other parameters than the run had.'),
      idempotencyKey,
    }),
    result: startedRun,
    status: 201,
    errors: [
      'RUN_UNKNOWN',
      'RETRY_INVALID',
      'DATASET_UNKNOWN',
      'PARAMETERS_INVALID',
      'RUN_ALREADY_RUNNING',
      'IDEMPOTENCY_CONFLICT',
    ],
  }),
} as const;
