import type { Catalog, ClaimedDelivery, DeliveryOutcome } from '../catalog/index.js';
import type { AlertChannel } from '../config/alerts.js';
import { messageOf, TransientError } from '../core/errors.js';
import { messageId, sendTo, type ChannelPlace } from './channels/open-channel.js';
import { nextAttemptAt } from './retry-policy.js';
import type { RecurringLog } from '../recurring/troubles.js';
import type { Clock } from './settings.js';

/** An attempt that has not ended by then counts as lost, and another is made. Longer than any takes. */
const CLAIM_MS = 60_000;

export interface LaneSettings extends ChannelPlace {
  readonly catalog: Pick<Catalog, 'claimDelivery' | 'endDelivery'>;
  readonly log: RecurringLog;
  readonly now: Clock;
  /** Named points at which a test may stop the process. */
  readonly checkpoint: (name: 'alert.sent') => Promise<void>;
}

/** The deliveries of one channel, one after another: a channel that hangs keeps no other waiting. */
export interface Lane {
  /** Sends what is due, unless it is at that. It never rejects. */
  run(config: AlertChannel): Promise<void>;
}

/** When no further attempt is begun, and when those under way are cut short. */
export interface LaneEnds {
  readonly stopped: AbortSignal;
  readonly cutShort: AbortSignal;
}

export function openLane(channel: string, settings: LaneSettings, ends: LaneEnds): Lane {
  const { catalog, now } = settings;
  let running: Promise<void> | undefined;
  // What a receiver has asked for counts for all that is to go there.
  let notBefore = 0;

  async function sendDue(config: AlertChannel): Promise<void> {
    while (!ends.stopped.aborted && now() >= notBefore) {
      const claimed = await catalog.claimDelivery(channel, iso(now()), iso(now() + CLAIM_MS));
      if (!claimed) return;
      const { outcome, askedMs } = await attempt(claimed, config, settings, ends.cutShort);
      if (askedMs !== undefined) notBefore = now() + askedMs;
      await catalog.endDelivery(claimed, outcome);
      tell(settings.log, claimed, outcome);
    }
  }

  return {
    run(config) {
      running ??= sendDue(config)
        .catch((error: unknown) =>
          settings.log.warn('Alerts can be sent to no channel for now', { channel, message: messageOf(error) }),
        )
        .finally(() => void (running = undefined));
      return running;
    },
  };
}

async function attempt(
  { alert, channel, attempts, giveUpAt }: ClaimedDelivery,
  config: AlertChannel,
  settings: LaneSettings,
  cutShort: AbortSignal,
): Promise<{ readonly outcome: DeliveryOutcome; readonly askedMs?: number }> {
  const { now } = settings;
  const id = messageId(alert.key, channel);
  try {
    await sendTo(channel, config, settings, { id, alert, test: false }, cutShort);
  } catch (error) {
    if (cutShort.aborted) return { outcome: { state: 'interrupted', dueAt: iso(now()) } };
    const message = messageOf(error);
    const askedMs = error instanceof TransientError ? error.retryAfterMs : undefined;
    const next = error instanceof TransientError ? nextAttemptAt(attempts, askedMs, now(), Date.parse(giveUpAt)) : undefined;
    const outcome: DeliveryOutcome =
      next === undefined
        ? { state: 'dead', at: iso(now()), error: message }
        : { state: 'pending', dueAt: iso(next), error: message };
    return { outcome, ...(askedMs !== undefined && { askedMs }) };
  }
  await settings.checkpoint('alert.sent');
  return { outcome: { state: 'sent', at: iso(now()) } };
}

function tell(log: RecurringLog, { alert, channel, attempts }: ClaimedDelivery, outcome: DeliveryOutcome): void {
  if (outcome.state === 'pending' && attempts === 1) {
    log.warn('An alert did not reach its channel; it is tried again', { alert: alert.key, channel, message: outcome.error });
  }
  if (outcome.state === 'dead') {
    log.warn('An alert was given up: see `millrace alerts list --state dead`', {
      alert: alert.key,
      channel,
      message: outcome.error,
    });
  }
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
