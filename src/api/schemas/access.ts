import { z } from 'zod';
import { ROLES } from '../../access/caller.js';
import { jsonValue, time } from './lists.js';

const names = z.array(z.string().min(1).max(200)).min(1).max(100);

/** Which pipelines a token is for. */
export const scopeInput = {
  owners: names.optional().describe('Pipelines of these owners.'),
  tags: names.optional().describe('Pipelines with one of these tags.'),
  pipelines: names.optional().describe('Pipelines of these names.'),
};

export const groupsInput = names.optional().describe('Groups whose approvals its holder may give: `run.approve({ roles })`.');

export const token = z
  .object({
    id: z.string(),
    name: z.string(),
    role: z.enum(ROLES),
    scope: z
      .object({
        owners: z.array(z.string()).optional(),
        tags: z.array(z.string()).optional(),
        pipelines: z.array(z.string()).optional(),
      })
      .nullable()
      .describe('Which pipelines it is for; null: all of them.'),
    groups: z.array(z.string()).describe('Those that approvals may name.'),
    state: z.enum(['valid', 'expired', 'revoked']),
    createdAt: time,
    createdBy: z.string(),
    expiresAt: time.nullable(),
    revokedAt: time.nullable(),
    revokedBy: z.string().nullable(),
    lastUsedAt: time.nullable().describe('To the minute.'),
  })
  .meta({ id: 'Token' });

export const newToken = token
  .extend({ token: z.string().describe('What to send as `Authorization: Bearer …`. It is told this once and kept nowhere.') })
  .meta({ id: 'NewToken' });

export const auditEntry = z
  .object({
    id: z.string(),
    at: time,
    actor: z.string(),
    actorKind: z.enum(['token', 'oidc', 'local', 'anonymous']),
    actorId: z.string().nullable().describe('The id of the token, or the issuer.'),
    role: z.enum(ROLES),
    from: z.string().nullable().describe('The address that it came from.'),
    requestId: z.string().nullable(),
    operation: z.string(),
    target: z.string().nullable().describe('What it changed or was to change: a run, a pipeline, a token …'),
    input: jsonValue.describe('What was asked.'),
    outcome: z.enum(['done', 'refused', 'failed', 'unknown']).describe('`unknown`: it began, and nobody has told how it ended.'),
    endedAt: time.nullable(),
    code: z.string().nullable(),
    message: z.string().nullable(),
    result: jsonValue,
  })
  .meta({ id: 'AuditEntry' });
