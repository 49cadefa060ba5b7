import { z } from 'zod';
import { operation } from './operation.js';

/**
 * What others call without a token, signed instead: no operation, since the bytes that came are what was signed. A delivery's
 * `id`, `timestamp` and `signature` are headers, and its body is the parameters of the run.
 */
export const HOOKS = {
  deliverWebhook: operation({
    method: 'post',
    path: '/v1/hooks/{pipeline}',
    tag: 'triggers',
    role: 'operator',
    summary: 'Starts a pipeline, as its webhook trigger says, with the body as parameters; signed as Standard Webhooks describe.',
    input: z.object({ pipeline: z.string().min(1).max(100) }),
    result: z.object({ pipeline: z.string(), delivery: z.string() }),
    status: 202,
    errors: ['SIGNATURE_INVALID', 'TRIGGER_UNKNOWN', 'PARAMETERS_INVALID'],
  }),
} as const;

export type HookId = keyof typeof HOOKS;

/** The headers of a delivery. */
export const HOOK_HEADERS = { id: 'webhook-id', timestamp: 'webhook-timestamp', signature: 'webhook-signature' } as const;

/** The largest body of a delivery: a signal of Temporal's carries it. */
export const MOST_HOOK_BYTES = 64 * 1024;
