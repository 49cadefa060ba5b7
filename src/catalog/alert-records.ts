import type { Alert } from '../core/alerts.js';
import type { AlertFilter, AlertRouting, AlertRow, ClaimedDelivery, DeliveryOutcome } from './alert-facts.js';
import { claimDelivery, endDelivery, expireDeliveries, retryDeliveries, routeAlert } from './alert-deliveries.js';
import { acknowledgeAlert, countRouted, findAlert, listAlerts, listUnrouted, raiseAlert } from './alert-statements.js';
import type { CatalogDatabase } from './database.js';

/** What the catalog keeps of alerts. It is no projection: nothing else knows what people were told. */
export interface AlertRecords {
  /** Keeps an alert, to be delivered. @returns false when its key was known: nothing is told twice */
  raiseAlert(alert: Alert): Promise<boolean>;
  findAlert(key: string): Promise<AlertRow | undefined>;
  /** Latest first. */
  listAlerts(filter: AlertFilter): Promise<AlertRow[]>;
  /** @returns false when somebody had acknowledged it before, or there is none */
  acknowledgeAlert(key: string, by: string, at: string, why: string | null): Promise<boolean>;
  /** Alerts of which nobody has decided yet whom they reach, the earliest first. */
  listUnrouted(limit: number): Promise<Alert[]>;
  /** How many alerts of a kind about a pipeline went to channels since, and how many were held back. */
  countRouted(
    alert: Pick<Alert, 'kind' | 'pipeline'>,
    since: string,
  ): Promise<{ readonly sent: number; readonly heldBack: number }>;
  /** Decides whom an alert reaches, once. @returns false when that was decided before */
  routeAlert(routing: AlertRouting): Promise<boolean>;
  /** Takes the delivery of a channel that has been due longest: of several who ask at once, one has it. */
  claimDelivery(channel: string, now: string, until: string): Promise<ClaimedDelivery | undefined>;
  /** Writes what became of an attempt. @returns false when the attempt had counted as lost meanwhile */
  endDelivery(claimed: ClaimedDelivery, outcome: DeliveryOutcome): Promise<boolean>;
  /** Gives up deliveries whose time is over, as those to a channel that is no longer there. */
  expireDeliveries(now: string): Promise<void>;
  /** Has deliveries that were given up tried again. @returns their channels */
  retryDeliveries(key: string, at: string, giveUpAt: string): Promise<string[]>;
}

export function alertRecords(database: CatalogDatabase): AlertRecords {
  return {
    raiseAlert: (alert) => database.write((db) => raiseAlert(db, alert)),
    findAlert: (key) => database.read((db) => findAlert(db, key)),
    listAlerts: (filter) => database.read((db) => listAlerts(db, filter)),
    acknowledgeAlert: (key, by, at, why) => database.write((db) => acknowledgeAlert(db, key, { by, at, why })),
    listUnrouted: (limit) => database.read((db) => listUnrouted(db, limit)),
    countRouted: (alert, since) => database.read((db) => countRouted(db, alert, since)),
    routeAlert: (routing) => database.write((db) => routeAlert(db, routing)),
    claimDelivery: (channel, now, until) => database.write((db) => claimDelivery(db, { channel, now, until })),
    endDelivery: (claimed, outcome) => database.write((db) => endDelivery(db, claimed, outcome)),
    expireDeliveries: (now) => database.write((db) => expireDeliveries(db, now)),
    retryDeliveries: (key, at, giveUpAt) => database.write((db) => retryDeliveries(db, { key, at, giveUpAt })),
  };
}
