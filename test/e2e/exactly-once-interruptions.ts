import type { CheckpointName } from '../../src/connectors/contract.js';
import type { StepKind } from '../../src/core/steps.js';
import type { Arrival, CrashingWorker } from '../support/crashing-worker.js';
import { stepsOf, type Case, type CaseRun } from './exactly-once-cases.js';
import { type Depot } from './exactly-once-depot.js';
import { until } from '../support/until.js';

/** Where a run is interrupted: at a checkpoint of a step, or while Postgres takes in the rows of its COPY. */
export interface Point {
  readonly step: StepKind;
  readonly at: CheckpointName | 'copying';
}

/** The points at which a case's run is interrupted, in the order in which it comes to them. */
export function allPoints(one: Case): Point[] {
  return stepsOf(one).flatMap((step): Point[] => {
    if (step === 'load') {
      return (['copying', 'load.copied', 'load.before-commit', 'load.committed'] as const).map((at) => ({ step, at }));
    }
    const renamed = { step, at: 'staging.before-rename' } as const;
    return step === 'extract' ? [{ step, at: 'extract.reading' }, renamed] : [renamed];
  });
}

/** In every table that is made from now on, a COPY halts at this row for as long as {@link applyBrake} is on. */
const BRAKE_ROW = 10_000;
const BRAKE_LOCK = 4711;

/** Makes each target and each staging table stop a COPY in the middle when the brake of the row's source is on. */
export async function installBrakes(depot: Depot): Promise<void> {
  await depot.db.query(`
    CREATE FUNCTION public.brake() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pg_advisory_xact_lock_shared(${BRAKE_LOCK}, hashtext(NEW.source));
      RETURN NEW;
    END $$;
    CREATE FUNCTION public.add_brake() RETURNS event_trigger LANGUAGE plpgsql AS $$
    DECLARE made record;
    BEGIN
      FOR made IN SELECT objid FROM pg_event_trigger_ddl_commands() WHERE command_tag = 'CREATE TABLE' LOOP
        IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = made.objid AND attname = 'source') THEN
          EXECUTE format('CREATE TRIGGER brake BEFORE INSERT ON %s FOR EACH ROW WHEN (NEW.id = ${BRAKE_ROW}) EXECUTE FUNCTION public.brake()', made.objid::regclass);
        END IF;
      END LOOP;
    END $$;
    CREATE EVENT TRIGGER add_brake ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION public.add_brake()`);
}

async function applyBrake(depot: Depot, source: string): Promise<void> {
  await depot.db.query('SELECT pg_advisory_lock($1::int, hashtext($2))', [BRAKE_LOCK, source]);
}

async function releaseBrake(depot: Depot, source: string): Promise<void> {
  await depot.db.query('SELECT pg_advisory_unlock($1::int, hashtext($2))', [BRAKE_LOCK, source]);
}

/** The sources whose COPY stands at its brake, with rows taken in already. */
async function halted(depot: Depot, sources: readonly string[]): Promise<string[]> {
  const rows = await depot.db.query<{ source: string }>(
    `SELECT source FROM pg_stat_progress_copy AS copy JOIN pg_locks AS lock USING (pid) CROSS JOIN unnest($1::text[]) AS source
     WHERE lock.locktype = 'advisory' AND NOT lock.granted AND lock.classid = $2::bigint
       AND lock.objid::bigint = hashtext(source)::bigint & 4294967295 AND copy.tuples_processed > 0`,
    [sources, BRAKE_LOCK],
  );
  return rows.map(({ source }) => source);
}

/** One run and the points at which it is still to be interrupted. */
interface Plan {
  readonly run: CaseRun;
  readonly points: Point[];
  isHalted: boolean;
}

/**
 * Kills the worker again and again until every run has been interrupted at every one of its points, each time as soon as
 * all runs that still have one stand at it. Then lets them end.
 *
 * @returns how many times the worker was killed
 */
export async function interruptEverywhere(
  depot: Depot,
  runs: readonly CaseRun[],
  pointsOf: (one: Case) => Point[] = allPoints,
): Promise<number> {
  const plans = new Map(
    runs.map((run): [string, Plan] => [run.handle.workflowId, { run, points: pointsOf(run.case), isHalted: false }]),
  );
  const open = (): Plan[] => [...plans.values()].filter(({ points }) => points.length > 0);
  const holds = (arrival: Arrival): boolean => {
    const plan = plans.get(arrival.workflowId);
    const next = plan?.points[0];
    if (!plan || !next || next.at !== arrival.checkpoint || !arrival.step.startsWith(`${next.step}:`)) return false;
    plan.isHalted = true;
    return true;
  };
  for (const { run, points } of plans.values()) {
    if (points.some(({ at }) => at === 'copying')) await applyBrake(depot, run.case.name);
  }
  let kills = 0;
  let standby = depot.spawn(holds);
  for (; open().length > 0; kills += 1) {
    const worker: CrashingWorker = standby;
    await worker.begin(depot.setup);
    standby = depot.spawn(holds);
    await until(
      () => allHalted(depot, open()),
      () => `not interrupted yet: ${describe(open())}`,
    );
    await worker.kill();
    for (const plan of open()) {
      if (plan.points.shift()?.at === 'copying') await releaseBrake(depot, plan.run.case.name);
      plan.isHalted = false;
    }
  }
  await standby.begin(depot.setup);
  await Promise.all(runs.map(({ handle }) => handle.result()));
  await standby.stop();
  return kills;
}

async function allHalted(depot: Depot, plans: readonly Plan[]): Promise<boolean> {
  const copying = plans.filter(({ points }) => points[0]?.at === 'copying');
  const sources = copying.map(({ run }) => run.case.name);
  const there = sources.length === 0 ? [] : await halted(depot, sources);
  for (const plan of copying) plan.isHalted = there.includes(plan.run.case.name);
  return plans.every(({ isHalted }) => isHalted);
}

function describe(plans: readonly Plan[]): string {
  return plans
    .filter(({ isHalted }) => !isHalted)
    .map(({ run, points }) => `${run.case.name} at ${points[0]?.step} ${points[0]?.at}`)
    .join(', ');
}
