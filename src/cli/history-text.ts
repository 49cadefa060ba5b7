import type { ResultOf } from '../api/index.js';

type HistoryEvent = ResultOf<'listRunHistory'>['items'][number];

/** The names of activities, timers and children, by the number of the event that began them. */
export type EventNames = Map<string, string>;

export function makeEventNames(): EventNames {
  return new Map();
}

/** One event as people read it: number, time, what happened, and to what. */
export function eventLine({ id, at, type, event }: HistoryEvent, names: EventNames): string {
  const facts = attributesOf(event);
  const name = nameOf(facts);
  if (name !== undefined) names.set(String(id), name);
  const began = facts['scheduledEventId'] ?? facts['initiatedEventId'] ?? facts['startedEventId'];
  const about = name ?? (typeof began === 'string' ? names.get(began) : undefined) ?? '';
  const why = reasonOf(facts);
  const told = [about, why].filter((text) => text !== '').join(': ');
  return `${String(id).padStart(5)}  ${at.slice(0, 23).replace('T', ' ')}  ${type}${told === '' ? '' : `  ${told}`}`;
}

type Facts = Readonly<Record<string, unknown>>;

function attributesOf(event: Facts): Facts {
  const found = Object.entries(event).find(([key]) => key.endsWith('EventAttributes'));
  return (found?.[1] ?? {}) as Facts;
}

function nameOf(facts: Facts): string | undefined {
  const { activityId, workflowType, signalName, timerId, markerName } = facts;
  if (typeof activityId === 'string') return activityId;
  if (typeof signalName === 'string') return signalName;
  if (typeof timerId === 'string') return `timer ${timerId}`;
  if (typeof markerName === 'string') return markerName === 'core_local_activity' ? 'local activity' : markerName;
  const accepted = facts['acceptedRequest'] as { readonly input?: { readonly name?: string } } | undefined;
  if (typeof accepted?.input?.name === 'string') return `update ${accepted.input.name}`;
  const type = (workflowType as { readonly name?: unknown } | undefined)?.name;
  return typeof type === 'string' ? type : undefined;
}

/** The first line of why something failed or was ended. */
function reasonOf(facts: Facts): string {
  const failure = facts['failure'] as { readonly message?: string; readonly cause?: { readonly message?: string } } | undefined;
  const text = failure?.cause?.message ?? failure?.message ?? facts['reason'] ?? '';
  return typeof text === 'string' ? (text.split('\n')[0] ?? '').slice(0, 200) : '';
}
