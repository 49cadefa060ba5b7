import type { Catalog } from '../catalog/index.js';
import type { LoadedProject } from '../config/load.js';
import type { Alert } from '../core/alerts.js';
import { channelsOf } from './route.js';
import { GIVE_UP_AFTER_MS } from './retry-policy.js';

/** Alerts that are looked at in one go. */
const AT_ONCE = 200;
const HOUR_MS = 3_600_000;
const MOST_PER_HOUR = 20;

type RoutingCatalog = Pick<Catalog, 'expireDeliveries' | 'listUnrouted' | 'routeAlert' | 'countRouted' | 'raiseAlert'>;

/**
 * Decides of each new alert which channels it goes to. Of one kind and pipeline only so many are sent within an hour; the next
 * is told as a summary in their place, and the rest is kept and listed.
 */
export async function routeAlerts(catalog: RoutingCatalog, project: LoadedProject, now: number): Promise<void> {
  await catalog.expireDeliveries(new Date(now).toISOString());
  for (;;) {
    const alerts = await catalog.listUnrouted(AT_ONCE);
    for (const alert of alerts) await route(catalog, project, alert, now);
    if (alerts.length < AT_ONCE) return;
  }
}

async function route(catalog: RoutingCatalog, project: LoadedProject, alert: Alert, now: number): Promise<void> {
  const most = project.config.alerts?.mostPerHour ?? MOST_PER_HOUR;
  const at = new Date(now).toISOString();
  const giveUpAt = new Date(now + GIVE_UP_AFTER_MS).toISOString();
  const channels = channelsOf(alert, project);
  const { sent } = await catalog.countRouted(alert, new Date(now - HOUR_MS).toISOString());
  const heldBack = channels.length > 0 && sent >= most && alert.details?.['summary'] !== true;
  if (heldBack) await catalog.raiseAlert(summaryOf(alert, most, now));
  await catalog.routeAlert({ key: alert.key, channels: heldBack ? [] : channels, heldBack, at, giveUpAt });
}

/** One of each hour by the clock, for each kind and pipeline. */
function summaryOf({ kind, severity, pipeline, title }: Alert, most: number, now: number): Alert {
  const hour = new Date(Math.floor(now / HOUR_MS) * HOUR_MS).toISOString();
  const about = pipeline === undefined ? '' : ` about ${pipeline}`;
  return {
    key: `many/${kind.replaceAll(' ', '-')}/${pipeline ?? ''}/${hour}`,
    kind,
    severity,
    title: `More than ${most} alerts "${kind}"${about} within an hour: further ones are not sent`,
    text: `The latest: ${title}\n\nThey are kept: list all of them with \`millrace alerts list --kind "${kind}"${pipeline === undefined ? '' : ` --pipeline ${pipeline}`}\`. What comes an hour after the first ones is sent again.`,
    ...(pipeline !== undefined && { pipeline }),
    at: new Date(now).toISOString(),
    details: { summary: true },
  };
}
