import { z } from 'zod';
import { operation } from '../operation.js';
import { jsonObject } from '../schemas/lists.js';
import { runAddress, startedRun } from '../schemas/runs.js';

const reason = z.string().trim().min(1).max(1000);

/** What is done to a run that has begun, besides cancelling it. */
export const RUN_ACTIONS = {
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
