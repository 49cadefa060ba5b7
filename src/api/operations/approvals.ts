import { z } from 'zod';
import { operation } from '../operation.js';
import { answeredApproval, approval, APPROVAL_STATES } from '../schemas/approvals.js';
import { listOf, pageInput } from '../schemas/lists.js';
import { runAddress } from '../schemas/runs.js';
import { UNSTEERABLE } from './run-actions.js';

const step = z.string().min(1).max(500).describe('Its id, as `approve:publish`, or its name.');
const reason = z.string().trim().min(1).max(1000);
const address = { run: runAddress, step };
const who = {
  role: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('As which of the roles that the approval names; without it, one that the caller holds.'),
  idempotencyKey: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .describe('The same request again, with the same key, is answered as the first one was, and nothing is done twice.'),
};
const REFUSALS = [...UNSTEERABLE, 'APPROVAL_UNKNOWN', 'APPROVAL_CLOSED', 'APPROVAL_FORBIDDEN'] as const;

/** People who are asked before runs go on. Who may answer, each approval says itself: the least role is to look. */
export const APPROVAL_OPERATIONS = {
  listApprovals: operation({
    method: 'get',
    path: '/v1/approvals',
    tag: 'approvals',
    role: 'viewer',
    summary: 'Lists what runs wait to be approved, what has waited longest first.',
    input: z.object({
      pipeline: z.string().optional(),
      run: runAddress.optional().describe('Of this run only.'),
      status: z.enum([...APPROVAL_STATES, 'all']).default('waiting'),
      ...pageInput,
    }),
    result: listOf(approval),
  }),
  getApproval: operation({
    method: 'get',
    path: '/v1/runs/{run}/approvals/{step}',
    tag: 'approvals',
    role: 'viewer',
    summary: 'Shows what a run asks to be approved, and who has answered.',
    input: z.object(address),
    result: approval,
    errors: ['RUN_UNKNOWN', 'APPROVAL_UNKNOWN'],
  }),
  grantApproval: operation({
    method: 'post',
    path: '/v1/runs/{run}/approvals/{step}/approve',
    tag: 'approvals',
    role: 'viewer',
    summary: 'Approves what a run does next. It goes on once enough people have.',
    input: z.object({ ...address, reason: reason.optional(), ...who }),
    result: answeredApproval,
    errors: [...REFUSALS, 'APPROVAL_REPEATED'],
  }),
  rejectApproval: operation({
    method: 'post',
    path: '/v1/runs/{run}/approvals/{step}/reject',
    tag: 'approvals',
    role: 'viewer',
    summary: 'Rejects what a run does next: the step that asks fails.',
    input: z.object({ ...address, reason, ...who }),
    result: answeredApproval,
    errors: REFUSALS,
  }),
} as const;
