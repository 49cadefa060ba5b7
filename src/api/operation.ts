import type { z } from 'zod';
import type { Role } from '../access/caller.js';
import type { ErrorCode } from '../core/error-codes.js';

/**
 * One thing that can be asked of Millrace: by HTTP, by the typed client, and by the command line. Its schemas are the only
 * source of what goes in and comes out.
 */
export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** With `{name}` for the fields of `input` that are in the path. Of the others, GET and DELETE have a query, the rest a body. */
  readonly path: `/${string}`;
  /** What it does, as a sentence. */
  readonly summary: string;
  readonly tag: Tag;
  /** The least role that may ask for it. */
  readonly role: Role;
  /** Whether somebody without a token may ask too. @default false */
  readonly public?: true;
  readonly input: z.ZodObject;
  readonly result: z.ZodType;
  /** Fields of the result that are told once and kept nowhere. @default none */
  readonly secrets?: readonly string[];
  /** Of the answer. @default 200 */
  readonly status?: 200 | 201 | 202;
  /** What it may refuse with, besides what every operation may. */
  readonly errors?: readonly ErrorCode[];
}

export const TAGS = [
  'pipelines',
  'runs',
  'approvals',
  'schedules',
  'triggers',
  'backfills',
  'pools',
  'datasets',
  'quarantine',
  'alerts',
  'audit',
  'tokens',
  'deployments',
  'service',
] as const;
export type Tag = (typeof TAGS)[number];

/** Gives an operation its type. */
export function operation<const O extends Operation>(described: O): O {
  return described;
}

/** Whether it changes something: then it is written to the audit. */
export function isChange({ method }: Pick<Operation, 'method'>): boolean {
  return method !== 'get';
}

/** The fields of its input that are in its path. */
export function pathFields({ path }: Pick<Operation, 'path'>): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].flatMap(([, name]) => name ?? []);
}
