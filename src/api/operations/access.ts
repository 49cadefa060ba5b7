import { z } from 'zod';
import { ROLES } from '../../access/caller.js';
import { operation } from '../operation.js';
import { auditEntry, groupsInput, newToken, scopeInput, token } from '../schemas/access.js';
import { bound, listOf, pageInput, time } from '../schemas/lists.js';

const text = z.string().min(1).max(1100).optional();

export const ACCESS_OPERATIONS = {
  listTokens: operation({
    method: 'get',
    path: '/v1/tokens',
    tag: 'tokens',
    role: 'admin',
    summary: 'Lists the tokens, expired and revoked ones too.',
    input: z.object({}),
    result: listOf(token),
  }),
  createToken: operation({
    method: 'post',
    path: '/v1/tokens',
    tag: 'tokens',
    role: 'admin',
    summary: 'Makes a token.',
    input: z.object({
      name: z.string().trim().min(1).max(100).describe('As the audit names its holder.'),
      role: z.enum(ROLES),
      ...scopeInput,
      groups: groupsInput,
      expiresAt: time.optional().describe('Without it, never.'),
    }),
    result: newToken,
    status: 201,
    secrets: ['token'],
  }),
  revokeToken: operation({
    method: 'delete',
    path: '/v1/tokens/{token}',
    tag: 'tokens',
    role: 'admin',
    summary: 'Revokes a token, at once and for good.',
    input: z.object({ token: z.string().min(1).max(100).describe('Its id: the part between `mr_` and the secret.') }),
    result: token,
    errors: ['TOKEN_UNKNOWN'],
  }),
  listAudit: operation({
    method: 'get',
    path: '/v1/audit',
    tag: 'audit',
    role: 'admin',
    summary: 'Lists what was changed, by whom, and what was refused; the latest first.',
    input: z.object({
      actor: text,
      operation: text,
      outcome: z.enum(['done', 'refused', 'failed', 'unknown']).optional(),
      target: text,
      since: bound.optional(),
      until: bound.optional(),
      ...pageInput,
    }),
    result: listOf(auditEntry),
  }),
} as const;
