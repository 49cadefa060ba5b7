import type { S3Client } from '@aws-sdk/client-s3';
import type { Connected } from './connect.js';

/** What must hold for a write to happen: that nothing is there, or that what is there has this etag. */
export type Condition = { readonly absent: true } | { readonly etag: string };

export interface WriteOptions {
  readonly condition?: Condition;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** What a request is made with. */
export interface Asked {
  readonly sdk: Connected['sdk'];
  readonly client: S3Client;
  readonly object: { readonly Bucket: string; readonly Key: string };
  readonly abort: { readonly abortSignal: AbortSignal | undefined };
}

/** A condition as the protocol's headers. */
export function conditionOf(condition: Condition | undefined): { IfNoneMatch?: '*'; IfMatch?: string } {
  if (condition === undefined) return {};
  return 'absent' in condition ? { IfNoneMatch: '*' } : { IfMatch: condition.etag };
}
