import { z } from 'zod';
import { ALERT_KINDS } from '../../core/alerts.js';
import { operation } from '../operation.js';
import { alert, slo } from '../schemas/alerts.js';
import { listOf, pageInput } from '../schemas/lists.js';

const key = z.string().min(1).max(1100).describe('Its `key`.');

export const ALERT_OPERATIONS = {
  listAlerts: operation({
    method: 'get',
    path: '/v1/alerts',
    tag: 'alerts',
    role: 'viewer',
    summary: 'Lists alerts, the latest first, with how their deliveries stand.',
    input: z.object({
      kind: z.enum(ALERT_KINDS).optional(),
      pipeline: z.string().min(1).max(100).optional(),
      state: z
        .enum(['open', 'acknowledged', 'dead', 'pending'])
        .optional()
        .describe('`open`: not acknowledged; `dead`: a delivery was given up; `pending`: one is still to be made.'),
      ...pageInput,
    }),
    result: listOf(alert),
    errors: ['PIPELINE_UNKNOWN'],
  }),
  getAlert: operation({
    method: 'get',
    path: '/v1/alerts/{alert}',
    tag: 'alerts',
    role: 'viewer',
    summary: 'Shows an alert with its deliveries.',
    input: z.object({ alert: key }),
    result: alert,
    errors: ['ALERT_UNKNOWN'],
  }),
  retryAlert: operation({
    method: 'post',
    path: '/v1/alerts/{alert}/retry',
    tag: 'alerts',
    role: 'operator',
    summary: 'Has the deliveries of an alert tried again that were given up.',
    input: z.object({ alert: key }),
    result: z.object({ alert: z.string(), channels: z.array(z.string()) }),
    status: 202,
    errors: ['ALERT_UNKNOWN', 'ALERT_NOT_DEAD'],
  }),
  acknowledgeAlert: operation({
    method: 'post',
    path: '/v1/alerts/{alert}/acknowledge',
    tag: 'alerts',
    role: 'operator',
    summary: 'Tells others that somebody sees to an alert.',
    input: z.object({ alert: key, reason: z.string().trim().min(1).max(500).optional() }),
    result: alert,
    errors: ['ALERT_UNKNOWN', 'ALERT_ACKNOWLEDGED'],
  }),
  testAlertChannel: operation({
    method: 'post',
    path: '/v1/alert-channels/{channel}/test',
    tag: 'alerts',
    role: 'operator',
    summary: 'Sends a test to a channel, once and at once.',
    input: z.object({ channel: z.string().min(1).max(100) }),
    result: z.object({ channel: z.string(), id: z.string().describe('The id of the message.'), durationMs: z.number() }),
    errors: ['ALERT_CHANNEL_UNKNOWN', 'ALERT_REFUSED', 'ALERT_UNDELIVERED'],
  }),
  listSlos: operation({
    method: 'get',
    path: '/v1/slos',
    tag: 'alerts',
    role: 'viewer',
    summary: 'Lists what pipelines promise, and how that stands.',
    input: z.object({}),
    result: listOf(slo),
  }),
} as const;
