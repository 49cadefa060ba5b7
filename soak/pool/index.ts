import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomFrom } from '../../chaos/random.js';
import { poolId, type PoolState } from '../../src/core/pools.js';
import { asksPool } from '../../src/temporal/ask-pool.js';
import type { Soak, SoakOptions, SoakReport } from '../soak.js';
import { disturb, DISTURBANCES, planDisturbances, type Disturbance } from './disturbance.js';
import { livenessOf } from './liveness.js';
import { TASK_QUEUE } from '../stage.js';
import { openJournalStage, type JournalStage } from './stage.js';

const SLOTS = 4;
const STEPS = 200;
const WORKERS = 3;
const POOL = poolId(TASK_QUEUE, 'warehouse');
/** Nothing moved for so long: it never will. Longer than a heartbeat's timeout, a grace and a sweep together. */
const STUCK_MS = 180_000;

/** Disturbances at full size. */
const FULL: Readonly<Record<Disturbance, number>> = {
  'kill a worker': 15,
  cancel: 20,
  terminate: 15,
  reset: 15,
  'terminate the pool': 3,
};

/** How runs ended, by their ids. */
type Ends = ReadonlyMap<string, string>;

/** A pool of 4 under 200 steps that compete for it, while workers die and runs are cancelled, terminated and reset. */
export const soak: Soak = {
  about: 'a pool of 4 slots under 200 competing steps, with workers killed and runs cancelled, terminated and reset at random',
  async run(options: SoakOptions): Promise<SoakReport> {
    const stage = await openJournalStage(options.notice, 400);
    try {
      for (let count = 0; count < WORKERS; count += 1) await stage.add();
      return await compete(stage, options);
    } finally {
      await stage.close();
    }
  },
};

async function compete(stage: JournalStage, { scale, seed, notice }: SoakOptions): Promise<SoakReport> {
  const steps = Math.max(8, Math.round(STEPS * scale));
  const counts = Object.fromEntries(DISTURBANCES.map((what) => [what, Math.max(1, Math.round(FULL[what] * scale))])) as Record<
    Disturbance,
    number
  >;
  const ids = await startAll(stage, steps, seed);
  const begun = performance.now();
  const ends = new Map<string, string>();
  const watching = watch(stage, ids, ends);
  const made = await disturbAll(stage, { plan: planDisturbances(counts, seed), seed, notice, open: () => openOf(ids, ends) });
  const stuck = await watching;
  const seconds = (performance.now() - begun) / 1000;
  const last = await settledPool(stage);
  const live = livenessOf(stage.journal(), stage.deaths, { allowed: SLOTS, weightOf });
  const tally = tallyOf(ends);
  const problems = [
    ...live.breaches.map((who) => `more than ${SLOTS} slots were at work at once: ${who}`),
    ...stuck.map((id) => `${id} does not end`),
    ...(await failures(stage, ends)),
    ...(last === undefined ? ['the pool does not answer'] : lostSlots(last)),
  ];
  const figures = {
    steps,
    'attempts that began': live.attempts,
    'attempts cut off with their process': live.cutOff,
    'live attempts at most': live.mostAttempts,
    'slots in use at most, of 4': live.mostSlots,
    ...Object.fromEntries(DISTURBANCES.map((what) => [`times: ${what}`, made[what] ?? 0])),
    ...Object.fromEntries(Object.entries(tally).map(([end, count]) => [`runs ${end.toLowerCase()}`, count])),
    'times the pool continued as new': await continuations(stage),
    'slots taken at the end': last?.held.length ?? 'unknown',
    'steps waiting at the end': last?.queued.length ?? 'unknown',
    'seconds until all runs had ended': Math.round(seconds),
  };
  return { figures, problems };
}

/** Every tenth step takes two slots, and says so in its run's id. */
async function startAll(stage: JournalStage, steps: number, seed: string): Promise<string[]> {
  const random = randomFrom(`${seed} runs`);
  const ids: string[] = [];
  for (let number = 1; number <= steps; number += 1) {
    const weight = number % 10 === 0 ? 2 : 1;
    const workflowId = `compete-${String(number).padStart(3, '0')}-${weight}`;
    const file = `${workflowId}.csv`;
    writeFileSync(path.join(stage.lake, file), `id,amount\n${number},1\n`);
    const args = [{ file, weight, priority: random.between(2, 4) }];
    await stage.client.workflow.start('compete', { workflowId, taskQueue: TASK_QUEUE, args });
    ids.push(workflowId);
  }
  return ids;
}

function weightOf(workflowId: string): number {
  return Number(workflowId.slice(-1));
}

function openOf(ids: readonly string[], ends: Ends): string[] {
  return ids.filter((id) => !ends.has(id));
}

/** Looks until every run has ended, the latest of its id. Gives those that do not. */
async function watch({ client }: JournalStage, ids: readonly string[], ends: Map<string, string>): Promise<readonly string[]> {
  for (let moved = Date.now(); Date.now() - moved < STUCK_MS; await sleep(500)) {
    for (const id of openOf(ids, ends)) {
      const name = await client.workflow
        .getHandle(id)
        .describe()
        .then(({ status }) => status.name)
        .catch(() => 'UNKNOWN');
      if (name === 'RUNNING' || name === 'UNKNOWN') continue;
      ends.set(id, name);
      moved = Date.now();
    }
    if (ends.size === ids.length) return [];
  }
  return openOf(ids, ends);
}

interface Disturbing {
  readonly plan: readonly Disturbance[];
  readonly seed: string;
  readonly notice: (line: string) => void;
  readonly open: () => readonly string[];
}

async function disturbAll(
  stage: JournalStage,
  { plan, seed, notice, open }: Disturbing,
): Promise<Partial<Record<Disturbance, number>>> {
  const random = randomFrom(`${seed} disturbances`);
  const made: Partial<Record<Disturbance, number>> = {};
  for (const what of plan) {
    await sleep(random.between(300, 1_500));
    if (open().length === 0) break;
    const happened = await disturb(what, { stage, poolId: POOL, random, open });
    notice(`${what}${happened ? '' : ' (in vain)'}; ${open().length} runs are open`);
    if (happened) made[what] = (made[what] ?? 0) + 1;
  }
  return made;
}

/** The runs that ended in a way that no disturbance makes, and why. */
async function failures({ client }: JournalStage, ends: Ends): Promise<string[]> {
  const failed = [...ends].filter(([, end]) => end === 'FAILED' || end === 'TIMED_OUT');
  return Promise.all(
    failed.map(async ([id, end]) => {
      const reason = await client.workflow
        .getHandle(id)
        .result()
        .then(() => 'not when asked again', reasonOf);
      return `${id} has ${end.toLowerCase()}: ${reason}`;
    }),
  );
}

/** What lies under an error, the outermost first. */
function reasonOf(error: unknown): string {
  const messages: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) messages.push(at.message);
  return messages.join(' <- ');
}

/** How the pool stands once nothing moves any more; the slots of runs that were terminated last are free after a grace. */
async function settledPool({ client }: JournalStage): Promise<PoolState | undefined> {
  let state: PoolState | undefined;
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(500)) {
    ({ value: state } = await asksPool<PoolState>(client, POOL, 'state'));
    if (state && state.held.length + state.queued.length === 0) return state;
  }
  return state;
}

function lostSlots({ held, queued }: PoolState): string[] {
  return [
    ...held.map(({ workflowId }) => `the slot of ${workflowId} was never freed`),
    ...queued.map(({ workflowId }) => `${workflowId} still waits for a slot`),
  ];
}

function tallyOf(ends: Ends): Record<string, number> {
  const tally: Record<string, number> = {};
  for (const end of ends.values()) tally[end] = (tally[end] ?? 0) + 1;
  return tally;
}

async function continuations({ client }: JournalStage): Promise<number> {
  let count = 0;
  const query = `WorkflowId = '${POOL}' AND ExecutionStatus = 'ContinuedAsNew'`;
  for await (const _ of client.workflow.list({ query })) count += 1;
  return count;
}
