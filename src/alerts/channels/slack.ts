import type { Alert } from '../../core/alerts.js';
import type { OpenChannel } from './channel.js';
import { post } from './post.js';
import { pathOf } from './webhook.js';

/** Slack cuts longer texts into several messages. */
const MOST_TEXT = 3_500;
const MARKS: Readonly<Record<Alert['severity'], string>> = {
  critical: ':red_circle:',
  warning: ':large_orange_circle:',
  info: ':large_blue_circle:',
};

/** A channel that posts alerts to an incoming webhook of Slack, or of what understands the same. */
export function openSlack(channel: string, { url }: { readonly url: string }): OpenChannel {
  return {
    secrets: [url, ...pathOf(url)],
    send: ({ alert }, signal) => post({ channel, url, headers: {}, body: JSON.stringify({ text: textOf(alert) }) }, signal),
  };
}

function textOf({ severity, title, text }: Alert): string {
  const cut = text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text;
  return `${MARKS[severity]} *${plain(title)}*\n${plain(cut)}`;
}

/** Without these three, a text can't call everybody or hide a link. */
function plain(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
