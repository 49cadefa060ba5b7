import { createHash } from 'node:crypto';
import path from 'node:path';
import type { AlertChannel } from '../../config/alerts.js';
import type { Environment } from '../../config/environment.js';
import { isEnvReference, resolveText, resolveTexts } from '../../config/resolve-env.js';
import { scrub } from '../../core/secrets.js';
import { MillraceError, TerminalError, TransientError } from '../../core/errors.js';
import type { OpenChannel, OutgoingAlert } from './channel.js';
import { openSlack } from './slack.js';
import { openSmtp, type ResolvedSmtp } from './smtp.js';
import { openWebhook, type ResolvedWebhook } from './webhook.js';

/** Where the values of channels are found. */
export interface ChannelPlace {
  readonly environment: Environment;
  /** The project's folder, from which a relative file counts. */
  readonly root: string;
}

/**
 * A channel of the config, with its values from the environment as they are now.
 *
 * @throws TerminalError ENV_MISSING, ENV_INVALID
 */
export function openChannel(name: string, config: AlertChannel, { environment, root }: ChannelPlace): OpenChannel {
  const where = `alerts.channels.${name}`;
  const { kind, ...options } = config;
  if (kind === 'smtp') {
    const { to, ca, ...rest } = config;
    const addresses = [to].flat().map((each) => resolveText(each, `${where}.to`, environment));
    const resolved = resolveTexts(rest, where, environment) as unknown as ResolvedSmtp;
    const file = ca === undefined ? {} : { ca: path.resolve(root, resolveText(ca, `${where}.ca`, environment)) };
    return openSmtp(name, { ...resolved, ...file, to: addresses });
  }
  const resolved = resolveTexts({ ...options }, where, environment);
  return kind === 'slack'
    ? openSlack(name, resolved as { url: string })
    : openWebhook(name, resolved as unknown as ResolvedWebhook);
}

/** What tells attempts of one alert to one channel from all others. */
export function messageId(alert: string, channel: string): string {
  return `alert_${createHash('sha256').update(`${channel}\n${alert}`).digest('hex').slice(0, 32)}`;
}

/**
 * Sends an alert, and lets no secret into the error.
 *
 * @throws TerminalError ALERT_REFUSED; TransientError ALERT_UNDELIVERED, also when the environment lacks a value: who
 * delivers next may have it
 */
export async function sendTo(
  name: string,
  config: AlertChannel,
  place: ChannelPlace,
  message: OutgoingAlert,
  signal: AbortSignal,
): Promise<void> {
  let channel: OpenChannel | undefined;
  try {
    channel = openChannel(name, config, place);
    await channel.send(message, signal);
  } catch (error) {
    throw withoutSecrets(name, error, [...(channel?.secrets ?? []), ...plainSecrets(config)]);
  }
}

function withoutSecrets(channel: string, error: unknown, secrets: readonly string[]): MillraceError {
  const message = scrub(error instanceof Error ? error.message : String(error), secrets);
  if (error instanceof TerminalError && error.code === 'ALERT_REFUSED')
    return new TerminalError(error.code, message, error.details);
  const retryAfter = error instanceof TransientError ? error.retryAfterMs : undefined;
  const details = error instanceof MillraceError ? error.details : { channel };
  return new TransientError('ALERT_UNDELIVERED', message, details, retryAfter === undefined ? {} : { retryAfterMs: retryAfter });
}

function plainSecrets(config: AlertChannel): string[] {
  return Object.values(config).filter(
    (value): value is string => typeof value === 'string' && !isEnvReference(value) && value.includes('://'),
  );
}
