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

const CASES_EACH = 3;
const FAULTS_EACH = 3;

/**
 * The plan of a trial: the same for the same seed and number. Names are dealt from shuffled decks, so that a few trials in a
 * row have every case and every fault, in ever other company.
 */
export function planTrial(seed: string, trial: number): Plan {
  const random = randomFrom(`${seed}/${trial}/plan`);
  const faults = deal(`${seed}/faults`, Object.keys(FAULTS) as FaultName[], FAULTS_EACH, trial);
  return {
    cases: [...new Set(deal(`${seed}/cases`, Object.keys(CASES), CASES_EACH, trial))],
    faults: faults.map((name) => ({ name, trigger: drawTrigger(random) })),
  };
}

/** A plan that a ledger which forgets can't pass: appends, and a worker that is killed right after a commit. */
export function planBroken(seed: string, trial: number): Plan {
  const { faults } = planTrial(seed, trial);
  const kill: PlannedFault = { name: 'kill-worker', trigger: { at: 'checkpoint', checkpoint: 'load.committed' } };
  return { cases: ['append_file'], faults: [kill, ...faults] };
}

/** Deals `count` names to each trial in turn, from one shuffled deck after the other. */
function deal<T>(seed: string, names: readonly T[], count: number, trial: number): T[] {
  return Array.from({ length: count }, (_, index) => {
    const position = (trial - 1) * count + index;
    const deck = randomFrom(`${seed}/${Math.floor(position / names.length)}`).some(names, names.length);
    return deck[position % names.length] as T;
  });
}

function drawTrigger(random: Random): Trigger {
  const share = random.fraction();
  if (share < 0.45) return { at: 'checkpoint', checkpoint: random.pick(CHECKPOINTS) };
  if (share < 0.8) {
    const moment = random.pick(LINE_MOMENTS);
    return { at: 'line', moment, bytes: moment === 'committing' ? 0 : random.between(1, 40_000) };
  }
  return { at: 'time', afterMs: random.between(0, 1_500) };
}

/** `kill-worker at load.committed`. */
export function describeFault({ name, trigger }: PlannedFault): string {
  if (trigger.at === 'checkpoint') return `${name} at ${trigger.checkpoint}`;
  if (trigger.at === 'line') return `${name} while ${trigger.moment}`;
  return `${name} after ${trigger.afterMs} ms`;
}
