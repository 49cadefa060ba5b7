import { z } from 'zod';
import { operation } from '../operation.js';
import { jsonObject } from '../schemas/lists.js';
import { runAddress, RUN_STATES, startedRun } from '../schemas/runs.js';
import { steeredRun } from '../schemas/steering.js';

const reason = z.string().trim().min(1).max(1000);

const steerErrors = [
  'RUN_UNKNOWN',
  'RUN_CLOSED',
  'RUN_NO_WORKER',
  'RUN_VERSION_GONE',
  'RUN_NOT_ANSWERING',
  'RUN_NOT_STEERABLE',
  'STEERING_INVALID',
] as const;

/** What is done to a run that has begun, besides cancelling it. */
export const RUN_ACTIONS = {
  pauseRun: operation({
    method: 'post',
    path: '/v1/runs/{run}/pause',
    tag: 'runs',
    role: 'operator',
    summary: 'Lets a run start no more steps; those at work finish.',
    input: z.object({ run: runAddress, reason: reason.optional() }),
    result: steeredRun,
    errors: [...steerErrors, 'RUN_NOT_PAUSABLE'],
  }),
  resumeRun: operation({
    method: 'post',
    path: '/v1/runs/{run}/resume',
    tag: 'runs',
    role: 'operator',
    summary: 'Lets a paused run go on.',
    input: z.object({ run: runAddress, reason: reason.optional() }),
    result: steeredRun,
    errors: [...steerErrors, 'RUN_NOT_PAUSED'],
  }),
  decideStep: operation({
    method: 'post',
    path: '/v1/runs/{run}/decide',
    tag: 'runs',
    role: 'operator',
    summary: 'Decides about a step that has failed and waits: do it again, go on without it, or let it fail.',
    input: z.object({
      run: runAddress,
      step: z.string().min(1).max(1000).describe('Its id, as `load:warehouse.orders`, or its name where only one step has it.'),
      decision: z.enum(['retry', 'skip', 'abort']),
      reason: reason.optional().describe('To skip a step needs one.'),
    }),
    result: steeredRun,
    errors: [...steerErrors, 'STEP_NOT_WAITING', 'STEP_NOT_SKIPPABLE', 'RETRY_INVALID'],
  }),
  terminateRun: operation({
    method: 'post',
    path: '/v1/runs/{run}/terminate',
    tag: 'runs',
    role: 'operator',
    summary:
      'Ends a run where it stands, also without a worker. Nothing of it is cleaned up: cancel it instead where that can work.',
    input: z.object({ run: runAddress, reason }),
    result: z.object({ workflowId: z.string(), runId: z.string(), state: z.enum(RUN_STATES) }),
    errors: ['RUN_UNKNOWN', 'RUN_CLOSED', 'STEERING_INVALID'],
  }),
  markStep: operation({
    method: 'post',
    path: '/v1/runs/{run}/mark',
    tag: 'runs',
    role: 'operator',
    summary: 'Starts a retry of a closed run in which a step counts as done, with a dataset that is staged already.',
    input: z.object({
      run: runAddress,
      step: z.string().min(1).max(1000),
      dataset: z.string().min(1).max(2000).describe('Its URI, as datasets are listed.'),
      reason,
      params: jsonObject.optional().describe('Other parameters than the run had.'),
    }),
    result: startedRun,
    status: 201,
    errors: ['RUN_UNKNOWN', 'RETRY_INVALID', 'PARAMETERS_INVALID', 'RUN_ALREADY_RUNNING'],
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
      from: z
        .string()
        .min(1)
        .optional()
        .describe('This step and everything made from it is done anew; without it, what had not finished.'),
      overrideAudit: z
        .object({
          step: z.string().min(1),
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
    }),
    result: startedRun,
    status: 201,
    errors: ['RUN_UNKNOWN', 'RETRY_INVALID', 'PARAMETERS_INVALID', 'RUN_ALREADY_RUNNING'],
  }),
} as const;
