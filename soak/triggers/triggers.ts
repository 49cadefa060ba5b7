import { setTimeout as sleep } from 'node:timers/promises';
import { randomFrom } from '../../chaos/random.js';
import { triggerId, type DatasetEvent } from '../../src/core/trigger.js';
import { tellTrigger } from '../../src/temporal/triggers.js';
import type { Soak, SoakOptions, SoakReport } from '../soak.js';
import { TASK_QUEUE, withSite, type Site } from './site.js';

const FULL = 10_000;
const FIRST = ['lake.orders', 'lake.customers', 'lake.prices'] as const;
const LAST = 'lake.stock';
/** Events that one signal brings, as from loads that end at the same time. */
const TOLD_AT_ONCE = 20;
/** Of the days, those for which the last dataset is loaded too. */
const COMPLETED = 0.2;
const PATIENCE_MS = 10 * 60_000;
const place = { taskQueue: TASK_QUEUE, pipeline: 'joined' };

/** Many partitions that wait for datasets, and hold nothing. */
export const triggers: Soak = {
  about:
    '10,000 loads of four datasets, many told twice: days wait for the last one without a slot, each complete one is started once',
  run: (options) => withSite(options.notice, (site) => soak(site, options)),
};

interface Waited {
  readonly seconds: number;
  readonly waiting: number;
  readonly atWork: number;
  readonly early: number;
  readonly slowestReadMs: number;
}

interface Started {
  readonly seconds: number;
  readonly started: number;
  readonly runs: number;
  readonly waiting: number;
}

async function soak(site: Site, { scale, seed, notice }: SoakOptions): Promise<SoakReport> {
  const random = randomFrom(seed);
  const shuffled = <T>(values: readonly T[]): T[] => random.some(values, values.length);
  // Three loads of each day, a fifth of the days a fourth one, and nearly as many words again of loads told before.
  const days = daysOf(Math.max(20, Math.round((FULL * scale) / 4)));
  const complete = days.slice(0, Math.round(days.length * COMPLETED));
  await site.operations.applyTriggers({});
  const early = FIRST.flatMap((dataset) => days.map((day) => eventOf(dataset, day)));
  const late = complete.map((day) => eventOf(LAST, day));
  const again = [...early.filter(() => random.chance(0.2)), ...late];
  const waited = await letWait(site, shuffled([...early, ...again.slice(0, -late.length)]), days.length);
  notice(`${waited.waiting} days wait after ${waited.seconds.toFixed(0)} s`);
  const started = await letStart(site, shuffled([...late, ...again]), complete.length);
  notice(`${started.started} runs were started in ${started.seconds.toFixed(0)} s`);
  const events = early.length + 2 * again.length;
  return {
    figures: await figuresOf(site, events, waited, started),
    problems: problemsOf(days.length, complete.length, waited, started),
  };
}

/** Tells of loads that leave every day one dataset short, and looks at what that holds. */
async function letWait(site: Site, events: readonly DatasetEvent[], days: number): Promise<Waited> {
  const began = performance.now();
  await tell(site, events);
  const waiting = await until(() => waitingDays(site), days);
  const seconds = since(began);
  await untilIdle(site);
  let atWork = 0;
  let slowestReadMs = 0;
  for (let look = 0; look < 20; look += 1) {
    const asked = performance.now();
    await site.operations.getTrigger({ pipeline: 'joined' });
    slowestReadMs = Math.max(slowestReadMs, performance.now() - asked);
    atWork = Math.max(atWork, site.worker.atWork());
    await sleep(50);
  }
  return { seconds, waiting, atWork, early: await startsOf(site), slowestReadMs };
}

/** Tells of the last loads, and of many others once more. */
async function letStart(site: Site, events: readonly DatasetEvent[], complete: number): Promise<Started> {
  const began = performance.now();
  await tell(site, events);
  await until(() => startsOf(site), complete);
  const seconds = since(began);
  await untilIdle(site);
  const runs = await until(() => runsOf(site), complete);
  return { seconds, started: await startsOf(site), runs, waiting: await waitingDays(site) };
}

function problemsOf(days: number, complete: number, waited: Waited, started: Started): string[] {
  const left = days - complete;
  return [
    ...(waited.waiting === days ? [] : [`${days} days lacked a dataset, and ${waited.waiting} waited.`]),
    ...(waited.atWork === 0 ? [] : [`${waited.atWork} activities were at work while all days waited.`]),
    ...(waited.early === 0 ? [] : [`${waited.early} runs were started before their last dataset was loaded.`]),
    ...(started.started === complete ? [] : [`${complete} days were complete, and ${started.started} starts were decided on.`]),
    ...(started.runs === complete ? [] : [`${complete} days were complete, and Temporal has ${started.runs} runs.`]),
    ...(started.waiting === left ? [] : [`${left} days lack a dataset, and ${started.waiting} wait.`]),
  ];
}

async function figuresOf({ temporal }: Site, events: number, waited: Waited, started: Started): Promise<SoakReport['figures']> {
  const round = (value: number): number => Math.round(value * 10) / 10;
  const handle = temporal.client.workflow.getHandle(triggerId(TASK_QUEUE, 'joined'));
  const query = `WorkflowType = 'millrace.trigger'`;
  return {
    events,
    'days that waited at once': waited.waiting,
    'until all waited, s': round(waited.seconds),
    'activities at work while they waited': waited.atWork,
    'a look at the trigger meanwhile, slowest of 20, ms': round(waited.slowestReadMs),
    'runs that were started': started.runs,
    'until all were started, s': round(started.seconds),
    'executions of the trigger': (await temporal.client.workflow.count(query)).count,
    'events in the history of the last one': (await handle.describe()).historyLength,
  };
}

function daysOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => new Date(Date.UTC(2000, 0, 1 + index)).toISOString().slice(0, 10));
}

function eventOf(dataset: string, partition: string): DatasetEvent {
  return { dataset, partition, load: `load of ${partition}` };
}

async function tell({ temporal }: Site, events: readonly DatasetEvent[]): Promise<void> {
  for (let at = 0; at < events.length; at += TOLD_AT_ONCE) {
    await tellTrigger(temporal, place, 'loads', events.slice(at, at + TOLD_AT_ONCE));
  }
}

async function waitingDays({ catalog }: Site): Promise<number> {
  return (await catalog.listWaitingTriggers(triggerId(TASK_QUEUE, 'joined'), FULL)).length;
}

async function startsOf({ catalog }: Site): Promise<number> {
  const trigger = triggerId(TASK_QUEUE, 'joined');
  return (await catalog.listTriggerEvaluations({ trigger, outcome: 'started', limit: FULL })).length;
}

async function runsOf({ temporal }: Site): Promise<number> {
  return (await temporal.client.workflow.count(`WorkflowType = 'joined' AND ExecutionStatus = 'Completed'`)).count;
}

/** What a count comes to once it is as high as it should be, or no more time is left. */
async function until(count: () => Promise<number>, wanted: number): Promise<number> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await count();
    if (found >= wanted || Date.now() > deadline) return found;
    await sleep(500);
  }
}

/** Waits until nothing was at work for some time: then what was told last was acted on. */
async function untilIdle({ worker }: Site): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (let quiet = 0; quiet < 20 && Date.now() < deadline; await sleep(100)) quiet = worker.atWork() === 0 ? quiet + 1 : 0;
}

function since(began: number): number {
  return (performance.now() - began) / 1000;
}
