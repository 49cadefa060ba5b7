import { z } from 'zod';
import type { Role } from '../access/caller.js';
import type { ErrorCode } from '../core/error-codes.js';
import type { Tag } from './operation.js';
import { RUN_EVENTS } from './schemas/run-events.js';
import { runAddress } from './schemas/runs.js';

/** Something that is told as it happens, by HTTP as Server-Sent Events. */
export interface Stream {
  readonly method: 'get';
  readonly path: `/${string}`;
  readonly summary: string;
  readonly description: string;
  readonly tag: Tag;
  readonly role: Role;
  readonly input: z.ZodObject;
  /** The data of each message, by its `event`. */
  readonly events: Readonly<Record<string, z.ZodType>>;
  readonly errors?: readonly ErrorCode[];
}

export const STREAMS = {
  followRun: {
    method: 'get',
    path: '/v1/runs/{run}/events',
    tag: 'runs',
    role: 'viewer',
    summary: 'Tells what happens to a run as it happens, until it has ended.',
    description:
      'It begins with the run’s state, its steps and the log so far; then comes each that changes, and at last `end`. Whoever comes back with the header `Last-Event-ID` is told what they have missed; after a restart of the service some lines may come again, with the ids they had.',
    input: z.object({ run: runAddress }),
    events: RUN_EVENTS,
    errors: ['RUN_UNKNOWN', 'SERVICE_BUSY'],
  },
} as const satisfies Record<string, Stream>;
