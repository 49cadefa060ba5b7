import { createHmac, timingSafeEqual } from 'node:crypto';
import { TerminalError } from '../core/errors.js';

/** How far the sender's clock may be from ours, either way: a delivery that was overheard is no use later. */
const WINDOW_S = 300;
const SHORTEST_SECRET = 24;
const PREFIX = 'whsec_';

/** A delivery as it came. */
export interface SignedDelivery {
  readonly id: string | undefined;
  /** Seconds since 1970, as text. */
  readonly timestamp: string | undefined;
  /** `v1,<base64>`, or several with spaces between, as while a secret is replaced. */
  readonly signature: string | undefined;
  readonly body: Buffer;
}

/**
 * Proves that a delivery was signed with a secret, not long ago: HMAC-SHA256 of id, timestamp and body with dots between, as
 * Standard Webhooks describe it. Gives the delivery's id.
 *
 * @throws TerminalError SIGNATURE_INVALID saying what is missing or wrong, ENV_INVALID for a secret that is too short
 */
export function verifyDelivery(
  { id, timestamp, signature, body }: SignedDelivery,
  secret: string,
  nowMs: number = Date.now(),
): string {
  const key = keyOf(secret);
  if (id === undefined || !/^[\x21-\x7e]{1,200}$/.test(id))
    throw invalid('The header webhook-id is missing, or none: 1 to 200 characters without spaces.');
  if (timestamp === undefined || !/^\d{1,12}$/.test(timestamp))
    throw invalid('The header webhook-timestamp is missing, or no number of seconds.');
  if (signature === undefined) throw invalid('The header webhook-signature is missing.');
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
  const isSigned = signature.split(' ').some((each) => {
    const given = each.startsWith('v1,') ? Buffer.from(each.slice(3), 'base64') : Buffer.alloc(0);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
  if (!isSigned) throw invalid('The signature is none of this body, id and timestamp by the secret of the config.');
  const apart = Math.abs(nowMs / 1000 - Number(timestamp));
  if (apart > WINDOW_S) throw invalid(`It was signed ${Math.round(apart)} s away from now, and ${WINDOW_S} s are allowed.`);
  return id;
}

/** Signs as a sender does. */
export function signDelivery(
  delivery: { readonly id: string; readonly timestamp: string; readonly body: string },
  secret: string,
): string {
  const { id, timestamp, body } = delivery;
  return `v1,${createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

function keyOf(secret: string): Buffer {
  const key = secret.startsWith(PREFIX) ? Buffer.from(secret.slice(PREFIX.length), 'base64') : Buffer.from(secret);
  if (key.length >= SHORTEST_SECRET) return key;
  throw new TerminalError(
    'ENV_INVALID',
    `The secret of a webhook has ${key.length} bytes, and at least ${SHORTEST_SECRET} are needed. Make one with: openssl rand -base64 32`,
  );
}

function invalid(what: string): TerminalError {
  return new TerminalError('SIGNATURE_INVALID', `The delivery is refused: ${what}`);
}
