import { createHmac } from 'node:crypto';
import type { OpenChannel, OutgoingAlert } from './channel.js';
import { post } from './post.js';

export interface ResolvedWebhook {
  readonly url: string;
  readonly secret?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A channel that posts alerts as JSON. Their signature is that of Standard Webhooks (standardwebhooks.com). */
export function openWebhook(channel: string, { url, secret, headers = {} }: ResolvedWebhook): OpenChannel {
  return {
    secrets: [url, ...pathOf(url), ...(secret === undefined ? [] : [secret]), ...Object.values(headers)],
    async send(message, signal) {
      const body = bodyOf(message);
      const timestamp = String(Math.floor(Date.now() / 1000));
      const signed: Record<string, string> = {};
      if (secret !== undefined) signed['webhook-signature'] = `v1,${signatureOf(secret, message.id, timestamp, body)}`;
      const marks = { 'webhook-id': message.id, 'webhook-timestamp': timestamp, 'idempotency-key': message.id };
      await post({ channel, url, headers: { ...headers, ...marks, ...signed }, body }, signal);
    },
  };
}

/** Path and query of a URL, where receivers put their tokens. */
export function pathOf(url: string): string[] {
  if (!URL.canParse(url)) return [];
  const { pathname, search, username, password } = new URL(url);
  return [pathname.length > 1 ? pathname : '', search, username, password].filter((part) => part !== '');
}

/** What a webhook is sent. */
function bodyOf({ id, alert, test }: OutgoingAlert): string {
  return JSON.stringify({ id, type: test ? 'test' : 'alert', alert });
}

/** HMAC-SHA256 in base64. A secret that begins with `whsec_` is base64 itself; any other counts as it is written. */
function signatureOf(secret: string, id: string, timestamp: string, body: string): string {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret, 'utf8');
  return createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
}
