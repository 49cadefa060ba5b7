import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomFrom, type Random } from '../../chaos/random.js';
import { ALERT_KEYS, openCatalog, type Catalog } from '../../src/catalog/index.js';
import type { Soak, SoakOptions, SoakReport } from '../soak.js';
import { openStage, TASK_QUEUE, type Stage } from '../stage.js';
import { sharedClock, type SharedClock } from './clock.js';
import { DEAD, figuresOf, problemsOf, TAKING } from './findings.js';
import { openReceivers, type Receivers } from './receivers.js';

/** Runs at full size: a third of each kind. */
const RUNS = 600;
const WORKERS = 3;
const KILLS = 60;
/** Requests that are left without an answer; a sender waits 15 s for one. */
const HUNG = 8;
/** A pause of 10 s before the second attempt takes 50 ms. */
const TIMES = 200;
const DAY_MS = 86_400_000;
/** Nothing moved for so long: it never will. */
const STUCK_MS = 90_000;
const MOST_ALERTS = 10_000;

interface Scene {
  readonly stage: Stage;
  readonly catalog: Catalog;
  readonly clock: SharedClock;
  readonly receivers: Receivers;
}

/** Much that people are to be told of, while those who tell it die and those who are told take it now and then. */
export const alerts: Soak = {
  about:
    '600 runs that fail, hang or reject rows: each is told once, whoever is killed and however often receivers fail, drop and hang',
  async run(options: SoakOptions): Promise<SoakReport> {
    const { scale, seed, notice } = options;
    const receivers = await openReceivers(randomFrom(`${seed} receivers`), Math.max(1, Math.round(HUNG * scale)));
    const stage = await openStage({
      project: path.join(import.meta.dirname, 'project'),
      program: path.join(import.meta.dirname, 'worker-process.mjs'),
      steps: 4,
      environment: (folder) => environmentOf(folder, receivers),
      notice,
    });
    try {
      mkdirSync(path.join(stage.folder, 'lake'));
      writeFileSync(path.join(stage.folder, 'lake', 'orders.csv'), 'id,amount\n1,10\n2,many\n3,30\n');
      const clock = sharedClock(path.join(stage.folder, 'clock'));
      const catalog = await openCatalog({ path: path.join(stage.folder, 'catalog.db') });
      try {
        return await soak({ stage, catalog, clock, receivers }, options);
      } finally {
        await catalog.close();
      }
    } finally {
      await stage.close();
      receivers.close();
    }
  },
};

function environmentOf(folder: string, { urlOf }: Receivers): Readonly<Record<string, string>> {
  return {
    SOAK_LAKE: path.join(folder, 'lake'),
    SOAK_CLOCK: path.join(folder, 'clock'),
    SOAK_SECRET: 'a secret of the soak',
    SOAK_OPS: urlOf('ops'),
    SOAK_PAGER: urlOf('pager'),
    SOAK_REFUSING: urlOf('refusing'),
    SOAK_BROKEN: urlOf('broken'),
  };
}

async function soak(scene: Scene, { scale, seed, notice }: SoakOptions): Promise<SoakReport> {
  const { stage, catalog, clock, receivers } = scene;
  await Promise.all(Array.from({ length: WORKERS }, () => stage.add()));
  // What happens before somebody watches is told to nobody.
  await settle(() => catalog.listSloStates().then((states) => states.length));
  clock.run(TIMES);
  const killing = killSome(scene, Math.max(3, Math.round(KILLS * scale)), randomFrom(`${seed} kills`));
  const { expected, hanging } = await startRuns(stage, Math.max(6, Math.round(RUNS * scale)));
  const kills = await killing;
  notice(`${expected.size} runs are to be told of, and ${kills} workers were killed`);
  await settle(() => countIn(catalog, TAKING, 'sent'), expected.size * TAKING.length);
  for (const workflowId of hanging) await stage.client.workflow.getHandle(workflowId).signal('end');
  notice(`a day later, after ${receivers.received.length} requests`);
  clock.jump(DAY_MS);
  await settle(() => countIn(catalog, DEAD, 'dead'), expected.size * DEAD.length);
  const dead = new Set((await catalog.listAlerts({ state: 'dead', limit: MOST_ALERTS })).map(({ key }) => key));
  const found = { expected, alerts: await catalog.listAlerts({ limit: MOST_ALERTS }), dead, received: receivers.received, kills };
  return { figures: { runs: expected.size, ...figuresOf(found) }, problems: problemsOf(found) };
}

/** Starts a third of the runs of each kind; gives the keys of what is to be told of them. */
async function startRuns({ client }: Stage, runs: number) {
  const expected = new Set<string>();
  const hanging: string[] = [];
  for (let number = 0; number < runs; number += 1) {
    const pipeline = (['fails', 'hangs', 'rejects'] as const)[number % 3] ?? 'fails';
    const workflowId = `${pipeline}-${number}`;
    const handle = await client.workflow.start(pipeline, { workflowId, taskQueue: TASK_QUEUE, args: [{}] });
    const runId = handle.firstExecutionRunId;
    if (pipeline === 'fails') expected.add(`${ALERT_KEYS.failure}${runId}`);
    else if (pipeline === 'rejects') expected.add(`${ALERT_KEYS.rejects}${runId}/validate:orders`);
    else {
      expected.add(`slo/finishWithin/hangs/${runId}`);
      hanging.push(workflowId);
    }
    await sleep(100);
  }
  return { expected, hanging };
}

/** Kills workers while they send: when an alert has been taken, and before they hear of that. */
async function killSome({ stage, receivers }: Scene, kills: number, random: Random): Promise<number> {
  for (let killed = 0; killed < kills; killed += 1) {
    await sleep(random.between(300, 1_200));
    const kill: { replaced?: Promise<void> } = {};
    receivers.onTaken = async (pid) => {
      receivers.onTaken = undefined;
      kill.replaced = stage.killOne(() => pid);
      // The signal is sent, and the process gone in no time.
      await sleep(50);
    };
    for (let waited = 0; waited < 3_000 && !kill.replaced; waited += 50) await sleep(50);
    receivers.onTaken = undefined;
    // With nothing to send for long, any of them.
    await (kill.replaced ?? stage.killOne((pids) => random.pick(pids)));
  }
  return kills;
}

async function countIn(catalog: Catalog, channels: readonly string[], state: 'sent' | 'dead'): Promise<number> {
  const all = await catalog.listAlerts({ limit: MOST_ALERTS });
  return all.flatMap(({ deliveries }) => deliveries).filter((each) => channels.includes(each.channel) && each.state === state)
    .length;
}

/** Waits until a count is as high as it is to be, or does not grow any more. */
async function settle(count: () => Promise<number>, wanted = 1): Promise<void> {
  let found = 0;
  for (let moved = Date.now(); Date.now() - moved < STUCK_MS; await sleep(200)) {
    const now = await count();
    if (now >= wanted) return;
    if (now > found) [found, moved] = [now, Date.now()];
  }
}
