import type { CheckpointName } from '../src/connectors/contract.js';
import { CASES } from './cases.js';
import { FAULTS, type FaultName } from './faults/index.js';
import { randomFrom, type Random } from './random.js';
import type { LineMoment } from './servers/line.js';

/** When a fault comes: as soon as something happens, or after a while. */
export type Trigger =
  | { readonly at: 'checkpoint'; readonly checkpoint: CheckpointName }
  | { readonly at: 'line'; readonly moment: LineMoment; readonly bytes: number }
  | { readonly at: 'time'; readonly afterMs: number };

export interface PlannedFault {
  readonly name: FaultName;
  readonly trigger: Trigger;
}

/** What a trial does, all of it drawn from the seed. */
export interface Plan {
  readonly cases: readonly string[];
  readonly faults: readonly PlannedFault[];
}

const CHECKPOINTS: readonly CheckpointName[] = [
  'extract.reading',
  'staging.before-rename',
  'load.copied',
  'load.before-commit',
  'load.committed',
];
const LINE_MOMENTS: readonly LineMoment[] = ['copying', 'reading', 'committing'];

/** The plan of a trial. Two trials of one seed are different, the same trial of one seed is the same. */
export function planTrial(seed: string, trial: number): Plan {
  const random = randomFrom(`${seed}/${trial}/plan`);
  return {
    cases: random.some(Object.keys(CASES), random.between(3, 4)),
    faults: Array.from({ length: random.between(2, 3) }, () => ({
      name: random.pick(Object.keys(FAULTS) as FaultName[]),
      trigger: drawTrigger(random),
    })),
  };
}

/** A plan that a ledger which forgets can't pass: appends, and a worker that is killed right after a commit. */
export function planBroken(seed: string, trial: number): Plan {
  const { faults } = planTrial(seed, trial);
  const kill: PlannedFault = { name: 'kill-worker', trigger: { at: 'checkpoint', checkpoint: 'load.committed' } };
  return { cases: ['append_day', 'append_file'], faults: [kill, ...faults] };
}

function drawTrigger(random: Random): Trigger {
  const share = random.fraction();
  if (share < 0.45) return { at: 'checkpoint', checkpoint: random.pick(CHECKPOINTS) };
  if (share < 0.8) return { at: 'line', moment: random.pick(LINE_MOMENTS), bytes: random.between(1, 60_000) };
  return { at: 'time', afterMs: random.between(0, 1_500) };
}

/** `kill-worker at load.committed`. */
export function describeFault({ name, trigger }: PlannedFault): string {
  if (trigger.at === 'checkpoint') return `${name} at ${trigger.checkpoint}`;
  if (trigger.at === 'line') return `${name} while ${trigger.moment}`;
  return `${name} after ${trigger.afterMs} ms`;
}
