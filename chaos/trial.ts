import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../src/core/errors.js';
import type { LoadResult } from '../src/core/load.js';
import { CASES, type Case, type Scene } from './cases.js';
import { checkLedger } from './checks/ledger.js';
import { checkWatermark } from './checks/watermark.js';
import { addUp, compareRows, type Difference } from './checks/rows.js';
import { Database } from './database.js';
import { FAULTS } from './faults/index.js';
import { momentOf } from './moment.js';
import { describeFault, type Plan, type PlannedFault } from './plan.js';
import { randomFrom, type Random } from './random.js';
import { Runs, StuckRun } from './runs.js';
import { dropSources, makeSources, type Sources } from './sources.js';
import type { Stage } from './stage.js';
import { startLateWriter } from './late-writer.js';
import { startWriter } from './writer.js';

/** A fault that was inflicted. */
export interface InflictedFault extends PlannedFault {
  /** Whether its trigger came; otherwise it was inflicted after a while without it. */
  readonly isMet: boolean;
}

/** What came of one trial. */
export interface TrialResult {
  readonly trial: number;
  readonly plan: Plan;
  readonly lost: number;
  readonly doubled: number;
  readonly stuck: number;
  readonly faults: readonly InflictedFault[];
  readonly runs: number;
  readonly workflowIds: readonly string[];
  /** What is wrong, by the case. */
  readonly details: readonly string[];
  readonly seconds: number;
}

/** A case never has more runs than this, however long the faults take. */
const MOST_RUNS = 10;
const LEAST_RUNS = 2;

/** Runs pipelines while faults happen, lets everything recover, catches up, and compares. */
export async function runTrial(stage: Stage, seed: string, trial: number, plan: Plan): Promise<TrialResult> {
  const started = performance.now();
  const random = (part: string): Random => randomFrom(`${seed}/${trial}/${part}`);
  await stage.prepare();
  const sources = await makeSources(stage.database, trial);
  const users = openUsers(stage, sources, random);
  const { writer } = users;
  const scene = { trial, sources, database: stage.database, writer, random: random('cases'), lake: stage.lake };
  const cases = plan.cases.map((name) => (CASES[name] as (typeof CASES)[string])(scene, name));
  const work = new Work(cases, new Runs(stage.temporal.client, `trial-${trial}`));
  const faults = inflictAll(stage, plan.faults, work, random('faults')).finally(() => work.runs.faultsAreOver());
  await Promise.all([faults, work.whileFaultsHappen(faults)]);
  await work.settle();
  await users.stop();
  await work.catchUp();
  const difference = await compare(scene, work);
  const result = {
    trial,
    plan,
    ...difference,
    stuck: work.stuck.length,
    faults: await faults,
    runs: work.runs.workflowIds().length,
  };
  const details = [...work.stuck, ...difference.details];
  if (details.length === 0) {
    await dropSources(
      stage.database,
      trial,
      sources,
      cases.flatMap(({ table }) => table ?? []),
    );
    for (const folder of ['in', 'out']) await rm(path.join(stage.lake, folder, String(trial)), { recursive: true, force: true });
    await stage.emptyStaging();
  }
  return { ...result, details, workflowIds: work.runs.workflowIds(), seconds: (performance.now() - started) / 1000 };
}

/** Those who change the sources, each in a session of its own. */
function openUsers(stage: Stage, sources: Sources, random: (part: string) => Random) {
  const sessions = [new Database(stage.postgres), new Database(stage.postgres)] as const;
  const writer = startWriter(sessions[0], sources, random('writer'));
  const late = startLateWriter(sessions[1], sources, random('late'));
  return {
    writer,
    async stop() {
      await Promise.all([writer.stop(), late.stop()]);
      for (const session of sessions) await session.close();
    },
  };
}

/** The runs of a trial's cases. */
class Work {
  /** What the runs that did not end well have to say. */
  readonly stuck: string[] = [];
  private readonly results = new Map<Case, LoadResult[]>();

  constructor(
    readonly cases: readonly Case[],
    readonly runs: Runs,
  ) {}

  /** The loads of a case. */
  loadsOf(one: Case): readonly LoadResult[] {
    return this.results.get(one) ?? [];
  }

  async whileFaultsHappen(faults: Promise<unknown>): Promise<void> {
    const over = new AbortController();
    faults.finally(() => over.abort()).catch(() => undefined);
    await Promise.all(
      this.cases.map(async (one) => {
        for (let made = 0; made < LEAST_RUNS || (!over.signal.aborted && made < MOST_RUNS); made += 1)
          await this.make(one, await one.next());
      }),
    );
  }

  async catchUp(): Promise<void> {
    await Promise.all(this.cases.map(async (one) => this.make(one, await one.last())));
  }

  async settle(): Promise<void> {
    await this.noticing(() => this.runs.settleAll());
  }

  private async make(one: Case, jobs: Awaited<ReturnType<Case['next']>>): Promise<void> {
    await Promise.all(
      jobs.map((job) =>
        this.noticing(async () => {
          const result = await this.runs.make(job);
          this.results.set(one, [...this.loadsOf(one), result]);
        }),
      ),
    );
  }

  private async noticing(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof StuckRun)) throw error;
      if (!this.stuck.includes(error.message)) this.stuck.push(error.message);
    }
  }
}

async function inflictAll(
  stage: Stage,
  faults: readonly PlannedFault[],
  { runs, stuck }: Work,
  random: Random,
): Promise<InflictedFault[]> {
  const inflicted: InflictedFault[] = [];
  for (const fault of faults) {
    const moment = await momentOf(stage, fault.trigger, runs);
    try {
      // One that ended by itself is being replaced.
      await stage.workers.provide();
      await FAULTS[fault.name]({ stage, moment, runs, random });
      inflicted.push({ ...fault, isMet: moment.isMeant });
    } catch (error) {
      stuck.push(`${describeFault(fault)} could not be inflicted or mended: ${messageOf(error)}`);
      await stage.mend();
    } finally {
      moment.release();
    }
    await sleep(random.between(100, 800));
  }
  return inflicted;
}

/** A case with a stuck run is behind, so that its rows say nothing more. */
async function compare(scene: Scene, work: Work): Promise<Difference> {
  if (work.stuck.length > 0) return { lost: 0, doubled: 0, details: [] };
  const { database } = scene;
  const differences: Difference[] = [];
  for (const one of work.cases) {
    const rows = await compareRows(database, one.expected(), await one.actual());
    const found = addUp([rows, await checkLedger(database, one, work.loadsOf(one)), await checkWatermark(scene, one)]);
    differences.push({ ...found, details: found.details.map((detail) => `${one.name}: ${detail}`) });
  }
  return addUp(differences);
}
