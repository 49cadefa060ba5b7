import { z } from 'zod';
import { operation } from '../operation.js';
import {
  backfill,
  BACKFILL_STATES,
  backfillAddress,
  backfillPreview,
  backfillSummary,
  only,
  startedBackfill,
  steeredBackfill,
} from '../schemas/backfills.js';
import { jsonObject, listOf, pageInput } from '../schemas/lists.js';

const partition = z.string().min(1).max(50);

const range = {
  pipeline: z.string().min(1),
  from: partition.describe('The first partition, as 2001-01.'),
  to: partition.describe('The last partition.'),
  only: only.default('missing'),
};

const stored = z
  .enum(['running', 'paused', 'completed', 'failed', 'cancelled'])
  .describe('As the catalog has it: of one that was terminated, as it was before.');
const address = { backfill: backfillAddress };
const UNANSWERED = ['BACKFILL_UNKNOWN', 'BACKFILL_CLOSED', 'BACKFILL_NO_WORKER', 'BACKFILL_NOT_ANSWERING'] as const;

export const BACKFILL_OPERATIONS = {
  previewBackfill: operation({
    method: 'get',
    path: '/v1/pipelines/{pipeline}/backfill-preview',
    tag: 'backfills',
    role: 'viewer',
    summary: 'Shows what a backfill would do: its partitions, and from earlier runs how many rows and how long.',
    input: z.object({ ...range, concurrency: z.coerce.number().int().min(1).max(100).default(2) }),
    result: backfillPreview,
    errors: ['PIPELINE_UNKNOWN', 'PARAMETERS_INVALID', 'BACKFILL_INVALID'],
  }),
  startBackfill: operation({
    method: 'post',
    path: '/v1/backfills',
    tag: 'backfills',
    role: 'operator',
    summary: 'Starts a backfill: a pipeline run over many partitions.',
    input: z.object({
      ...range,
      concurrency: z.number().int().min(1).max(100).default(2).describe('Runs at work at once.'),
      params: jsonObject.default({}).describe('Of every run, besides its partition.'),
      stopOnFailure: z.boolean().default(false).describe('Whether no further partition is begun once one has failed.'),
      idempotencyKey: z
        .string()
        .min(1)
        .max(255)
        .optional()
        .describe('Calls with the same key start one backfill; by HTTP it may stand in the header Idempotency-Key.'),
    }),
    result: startedBackfill,
    status: 201,
    errors: ['PIPELINE_UNKNOWN', 'PARAMETERS_INVALID', 'BACKFILL_INVALID', 'IDEMPOTENCY_CONFLICT'],
  }),
  listBackfills: operation({
    method: 'get',
    path: '/v1/backfills',
    tag: 'backfills',
    role: 'viewer',
    summary: 'Lists backfills, the latest first.',
    input: z.object({ pipeline: z.string().optional(), status: stored.optional(), ...pageInput }),
    result: listOf(backfillSummary),
  }),
  getBackfill: operation({
    method: 'get',
    path: '/v1/backfills/{backfill}',
    tag: 'backfills',
    role: 'viewer',
    summary: 'Shows one backfill with the map of its partitions.',
    input: z.object(address),
    result: backfill,
    errors: ['BACKFILL_UNKNOWN'],
  }),
  pauseBackfill: operation({
    method: 'post',
    path: '/v1/backfills/{backfill}/pause',
    tag: 'backfills',
    role: 'operator',
    summary: 'Lets a backfill begin no more partitions; those at work finish.',
    input: z.object(address),
    result: steeredBackfill,
    errors: UNANSWERED,
  }),
  resumeBackfill: operation({
    method: 'post',
    path: '/v1/backfills/{backfill}/resume',
    tag: 'backfills',
    role: 'operator',
    summary: 'Lets a paused backfill go on.',
    input: z.object(address),
    result: steeredBackfill,
    errors: UNANSWERED,
  }),
  cancelBackfill: operation({
    method: 'post',
    path: '/v1/backfills/{backfill}/cancel',
    tag: 'backfills',
    role: 'operator',
    summary: 'Asks a backfill to end, and its runs at work to stop.',
    input: z.object({ ...address, leaveRuns: z.boolean().default(false).describe('Lets the runs at work go on.') }),
    result: z.object({ id: z.string(), requested: z.boolean(), status: z.enum(BACKFILL_STATES) }),
    status: 202,
    errors: ['BACKFILL_UNKNOWN'],
  }),
  retryBackfill: operation({
    method: 'post',
    path: '/v1/backfills/{backfill}/retry',
    tag: 'backfills',
    role: 'operator',
    summary: 'Does the partitions again that have not completed: of a backfill at work the failed ones, of a closed one all.',
    input: z.object({
      ...address,
      partitions: z.array(partition).min(1).max(10_000).optional().describe('Only these.'),
    }),
    result: steeredBackfill.extend({ worker: z.boolean() }),
    errors: [...UNANSWERED, 'BACKFILL_INVALID'],
  }),
} as const;
