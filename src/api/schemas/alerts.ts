import { z } from 'zod';
import { ALERT_KINDS, ALERT_SEVERITIES } from '../../core/alerts.js';
import { jsonObject, time } from './lists.js';

export const alertDelivery = z
  .object({
    channel: z.string(),
    state: z.enum(['pending', 'sending', 'sent', 'dead']).describe('`dead`: given up, until somebody has it tried again.'),
    attempts: z.number(),
    dueAt: time.nullable().describe('The next attempt.'),
    endedAt: time.nullable().describe('When it was sent, or given up.'),
    error: z.string().nullable().describe('What the latest attempt failed with; no secret.'),
  })
  .meta({ id: 'AlertDelivery' });

export const alert = z
  .object({
    key: z.string().describe('What it is told once for.'),
    kind: z.enum(ALERT_KINDS),
    severity: z.enum(ALERT_SEVERITIES),
    title: z.string(),
    text: z.string(),
    pipeline: z.string().nullable(),
    partition: z.string().nullable(),
    workflowId: z.string().nullable(),
    runId: z.string().nullable(),
    at: time.describe('When it came about.'),
    details: jsonObject.nullable(),
    heldBack: z.boolean().describe('Whether it was sent nowhere, since there were too many of its kind.'),
    acknowledged: z.object({ at: time, by: z.string(), why: z.string().nullable() }).nullable(),
    deliveries: z.array(alertDelivery).describe('To each channel that it goes to.'),
  })
  .meta({ id: 'Alert' });

/** What a run's view tells of an alert. */
export const alertOfRun = alert.pick({ key: true, kind: true, severity: true, title: true, at: true });

export const slo = z
  .object({
    pipeline: z.string(),
    slo: z.enum(['finishWithin', 'finishBy', 'freshness']),
    bound: z.string().describe('As the config has it.'),
    state: z
      .enum(['ok', 'at risk', 'breached', 'not watched'])
      .describe('`not watched`: no worker and no service has looked yet.'),
    since: time.nullable(),
    subject: z.string().nullable().describe('The partition, day or run that it is about.'),
    lastAt: time.nullable().describe('When the pipeline last did what it promises.'),
    nextAt: time.nullable().describe('When it is breached, unless something comes before.'),
    checkedAt: time.nullable().describe('When it was last looked at.'),
  })
  .meta({ id: 'Slo' });
