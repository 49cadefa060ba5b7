import { z } from 'zod';
import { RUN_STATES } from '../../core/run-states.js';
import { alertOfRun } from './alerts.js';
import { jsonObject, jsonValue, time } from './lists.js';

/** A run's id, or `id@run id` for one execution of it. */
export const runAddress = z.string().min(1).max(1100);

export const runError = z.object({ code: z.string(), message: z.string(), remedy: z.string() }).meta({ id: 'RunError' });

export const runSummary = z
  .object({
    workflowId: z.string(),
    runId: z.string(),
    pipeline: z.string().nullable(),
    partition: z.string().nullable(),
    status: z
      .enum(RUN_STATES)
      .describe(
        'As Temporal has it; `forgotten` once it has deleted the run. What Millrace has paused is `running`: its details say `paused`.',
      ),
    owner: z.string().nullable(),
    startedAt: time.nullable(),
    finishedAt: time.nullable(),
    durationMs: z.number().nullable(),
    error: runError.nullable(),
  })
  .meta({ id: 'RunSummary' });

/** Since when a run starts no new step, and who said so. */
export const runPause = z.object({ since: time, by: z.string(), reason: z.string().optional() });

export const runStep = z
  .object({
    step: z.string(),
    status: z.string(),
    rows: z.number().nullable(),
    rowsRead: z.number().nullable().describe('Of a judgement: the rows that it judged.'),
    rejected: z.number().nullable(),
    dataset: z.string().nullable().describe('The URI of the dataset that it made or found.'),
    contract: z.string().nullable().describe('The contract whose verdict its rows have passed.'),
    startedAt: time.nullable(),
    durationMs: z.number().nullable(),
    attempts: z.number(),
    target: z.string().nullable(),
    range: jsonValue,
    watermark: z.string().nullable(),
    deleted: z.number().nullable(),
    reasons: z.array(z.object({ code: z.string(), path: z.string(), message: z.string(), rows: z.number() })),
    note: z.string(),
  })
  .meta({ id: 'RunStep' });

export const run = runSummary
  .extend({
    params: jsonValue,
    taskQueue: z.string().nullable(),
    worker: z.boolean().nullable().describe('Whether a worker takes its tasks; null where nobody can tell.'),
    unpolled: z
      .array(z.object({ taskQueue: z.string(), steps: z.array(z.string()) }))
      .describe('Task queues that no worker polls, with the steps that wait there.'),
    historyEvents: z.number().nullable(),
    retryOf: z.object({ workflowId: z.string(), runId: z.string(), from: z.string().optional() }).nullable(),
    resetOf: z.string().nullable(),
    changes: z
      .object({
        params: z.array(z.string()),
        code: z.enum(['same', 'other', 'unknown']),
        version: z.object({ from: z.string(), to: z.string() }).optional(),
      })
      .nullable()
      .describe('Of a retry: what it does otherwise than the run that it retries.'),
    steps: z.array(runStep),
    schemaChanges: z.array(jsonObject),
    checks: z.array(jsonObject),
    paused: runPause.nullable().describe('Of a run that is open: since when it starts no new step.'),
    decisions: z.array(jsonObject).describe('What people did to the run.'),
    approvals: z.array(jsonObject).describe('What people were asked, and who has answered what.'),
    auditOverrides: z.array(jsonObject),
    alerts: z.array(alertOfRun).describe('What people are told of it.'),
    archive: z
      .object({
        state: z
          .enum(['archived', 'missed', 'removed'])
          .describe(
            '`missed`: Temporal had forgotten the run before it was archived; `removed`: the archive keeps it no longer.',
          ),
        at: time,
        events: z.number().nullable(),
        bytes: z.number().nullable(),
      })
      .nullable()
      .describe('What became of its history; null while Temporal alone has it.'),
    result: jsonValue,
  })
  .meta({ id: 'Run' });

export const historyEvent = z
  .object({
    id: z.int().describe('Its number in the history, from 1.'),
    at: time,
    type: z.string().describe("As Temporal's UI calls it: `ActivityTaskScheduled`."),
    event: jsonObject.describe(
      'As `temporal workflow show --output json` has it: payloads in base64, and encoded as whoever wrote them has encoded them.',
    ),
  })
  .meta({ id: 'HistoryEvent' });

export const startedRun = z
  .object({
    workflowId: z.string(),
    runId: z.string(),
    pipeline: z.string(),
    taskQueue: z.string(),
    started: z.boolean().describe('False where the run was there before: a repeated call, or the policy `reuse`.'),
    worker: z.boolean().describe('Whether a worker takes its tasks: without one it waits.'),
  })
  .meta({ id: 'StartedRun' });
