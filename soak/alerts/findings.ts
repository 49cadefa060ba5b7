import type { AlertRow } from '../../src/catalog/index.js';
import type { SoakReport } from '../soak.js';
import type { Delivery } from './receivers.js';

/** Channels that take an alert in the end, and those of which one is given up: refused for good, or tried for a day. */
export const TAKING = ['ops', 'pager'] as const;
export const DEAD = ['refusing', 'broken'] as const;

export interface Seen {
  /** The keys of what people are to be told. */
  readonly expected: ReadonlySet<string>;
  readonly alerts: readonly AlertRow[];
  /** The keys of the dead letters, as they are listed. */
  readonly dead: ReadonlySet<string>;
  readonly received: readonly Delivery[];
  readonly kills: number;
}

/** What was promised and does not hold. */
export function problemsOf({ expected, alerts, dead, received, kills }: Seen): string[] {
  const keys = alerts.map(({ key }) => key);
  const lost = [...expected].filter((key) => !keys.includes(key));
  return [
    ...lost.map((key) => `${key} was not raised`),
    ...keys.filter((key) => !expected.has(key)).map((key) => `${key} was raised, and nothing of the kind happened`),
    ...alerts.flatMap(({ key, deliveries }) => standing(key, deliveries)),
    ...keys.filter((key) => !dead.has(key)).map((key) => `${key} is missing among the dead letters`),
    ...arrivals(keys, received),
    ...repeats(received, kills),
  ];
}

function standing(key: string, deliveries: AlertRow['deliveries']): string[] {
  const stateOf = new Map(deliveries.map(({ channel, state }) => [channel, state]));
  const wanted = [...TAKING.map((channel) => [channel, 'sent'] as const), ...DEAD.map((channel) => [channel, 'dead'] as const)];
  return [
    ...(deliveries.length === wanted.length ? [] : [`${key} has ${deliveries.length} deliveries, and ${wanted.length} channels`]),
    ...wanted.flatMap(([channel, state]) =>
      stateOf.get(channel) === state ? [] : [`${key} is ${stateOf.get(channel) ?? 'nowhere'} to ${channel}, and not ${state}`],
    ),
    ...deliveries
      .filter(({ state, error }) => state === 'dead' && error === null)
      .map(() => `${key} was given up without a reason`),
  ];
}

/** Each alert arrived at each channel that takes it, always under one id, which no other has. */
function arrivals(keys: readonly string[], received: readonly Delivery[]): string[] {
  const idsOf = new Map<string, Set<string>>();
  const owners = new Map<string, Set<string>>();
  for (const { channel, key, ids } of received) {
    const message = `${key} to ${channel}`;
    for (const id of ids) {
      idsOf.set(message, (idsOf.get(message) ?? new Set()).add(id));
      owners.set(id, (owners.get(id) ?? new Set()).add(message));
    }
  }
  const taken = new Set(received.filter(({ answer }) => answer === 'taken').map(({ key, channel }) => `${key} to ${channel}`));
  return [
    ...keys
      .flatMap((key) => TAKING.map((channel) => `${key} to ${channel}`))
      .flatMap((each) => (taken.has(each) ? [] : [`${each} never arrived`])),
    ...[...idsOf].filter(([, ids]) => ids.size > 1).map(([message, ids]) => `${message} came under ${ids.size} ids`),
    ...[...owners]
      .filter(([, messages]) => messages.size > 1)
      .map(([id, messages]) => `${id} is the id of ${[...messages].join(' and ')}`),
  ];
}

/** Only a sender that dies before it has written that an alert was taken sends it again: one for each channel at the most. */
function repeats(received: readonly Delivery[], kills: number): string[] {
  const again = takenAgain(received);
  const allowed = kills * TAKING.length;
  return again > allowed ? [`${again} alerts were taken and sent again, and only ${kills} senders were killed`] : [];
}

/** How often an alert came again to a channel that had said that it has it. */
export function takenAgain(received: readonly Delivery[]): number {
  const taken = received.filter(({ answer }) => answer === 'taken');
  return taken.length - new Set(taken.map(({ key, channel }) => `${key} to ${channel}`)).size;
}

export function figuresOf({ alerts, received, kills }: Seen): SoakReport['figures'] {
  const count = (answer: Delivery['answer']): number => received.filter((each) => each.answer === answer).length;
  return {
    'alerts raised': alerts.length,
    'dead letters': alerts.flatMap(({ deliveries }) => deliveries).filter(({ state }) => state === 'dead').length,
    'workers killed': kills,
    requests: received.length,
    'requests taken': count('taken'),
    'requests answered with 500': count('error'),
    'connections dropped': count('dropped'),
    'requests left without an answer': count('hung'),
    'requests refused for good': count('refused'),
    'taken and sent again': takenAgain(received),
  };
}
