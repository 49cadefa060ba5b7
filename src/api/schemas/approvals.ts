import { z } from 'zod';
import { jsonValue, time } from './lists.js';

export const APPROVAL_STATES = ['waiting', 'approved', 'rejected', 'expired', 'ended'] as const;

export const approval = z
  .object({
    workflowId: z.string(),
    runId: z.string(),
    step: z.string().describe('Its step: `approve:publish`.'),
    pipeline: z.string(),
    partition: z.string().nullable(),
    title: z.string(),
    details: jsonValue.describe('Markdown, or JSON.'),
    roles: z.array(z.string()).describe('Whose answers count: roles and groups; none: of every operator.'),
    needed: z.number().describe('How many people have to approve.'),
    fourEyes: z.boolean().describe('Whether whoever started the run may not approve.'),
    status: z
      .enum(APPROVAL_STATES)
      .describe('`expired`: its time was over first; `ended`: its run ended before there was an answer.'),
    answers: z.array(
      z.object({
        verdict: z.enum(['approve', 'reject']),
        by: z.string(),
        reason: z.string().optional(),
        role: z.string().optional().describe('As which of the roles.'),
        at: time,
      }),
    ),
    since: time,
    expiresAt: time.nullable(),
    onExpiry: z.enum(['reject', 'approve']).describe('What it comes to when its time is over.'),
    endedAt: time.nullable(),
    takenFrom: z
      .object({ workflowId: z.string(), runId: z.string() })
      .nullable()
      .describe('The run in which it was given, where a retry took it over.'),
  })
  .meta({ id: 'Approval' });

export const answeredApproval = z
  .object({
    workflowId: z.string(),
    runId: z.string(),
    step: z.string(),
    title: z.string(),
    status: z.enum(['waiting', 'approved', 'rejected', 'expired']),
    needed: z.number(),
    approved: z.number().describe('How many have approved by now.'),
  })
  .meta({ id: 'AnsweredApproval' });
