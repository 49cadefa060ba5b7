import { ActivityFailure, condition, proxyActivities, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { SqlWatch, TriggeredStart, TriggerEvaluation } from '../src/core/trigger.js';
import { messageOf } from '../src/core/errors.js';
import { jsonBytes } from '../src/core/json-bytes.js';
import type { TriggerState } from './trigger-state.js';
import { unwrap } from './failures.js';

const { actOnTrigger } = proxyActivities<Pick<Activities, 'actOnTrigger'>>({
  startToCloseTimeout: '5 minutes',
  retry: { initialInterval: '1s', maximumInterval: '1 minute' },
});
const { pollTrigger } = proxyActivities<Pick<Activities, 'pollTrigger'>>({
  startToCloseTimeout: '2 minutes',
  retry: { initialInterval: '1s', maximumAttempts: 2 },
});
// It fails while the run goes on: it costs neither a slot nor history until then.
const { awaitRun } = proxyActivities<Pick<Activities, 'awaitRun'>>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: '1s', maximumInterval: '15s' },
});

/** Evaluations that are written down by one activity, and what they may take as JSON. */
const RECORDED_AT_ONCE = 200;
const MOST_RECORDED_BYTES = 1_000_000;
/** What one activity may be given in all: Temporal ends a workflow that hands on more than 2 MiB. */
const MOST_ACTED_BYTES = 1_900_000;
/** Runs that are waited for at a time; the others are asked about when these have ended. */
const AWAITED_AT_ONCE = 20;
/** Files that may wait to be handed to a run before more are looked for. */
const MOST_FILES = 500;
const POLLED = ['files', 'sql'] as const;
type Polled = (typeof POLLED)[number];

/** The work of one execution of a trigger. */
export class TriggerWork {
  private readonly due = new Map<Polled, number>();
  private readonly polling = new Set<Polled>();
  private readonly awaited = new Set<string>();
  private acts = 0;

  constructor(
    private readonly state: TriggerState,
    private readonly turnAfter: number | undefined,
  ) {}

  /** Works until it is time to continue as new. */
  async untilFull(): Promise<void> {
    while (!this.isFull || this.hasTooMuch) {
      this.state.decide();
      this.poll();
      await this.act();
      this.awaitBlockers();
      this.show();
      const wait = this.untilDue;
      // With nothing to look for it waits until it is told something, and no timer is needed.
      await (wait === undefined ? condition(() => this.hasWork) : condition(() => this.hasWork, wait));
    }
    await condition(() => this.polling.size === 0);
  }

  private get isFull(): boolean {
    return this.turnAfter === undefined ? workflowInfo().continueAsNewSuggested : this.acts >= this.turnAfter;
  }

  /** Whether it would take along more than it can, and can still do something about it. */
  private get hasTooMuch(): boolean {
    return (this.mayStart || this.state.evaluations.length > 0) && !this.state.fits;
  }

  private get mayStart(): boolean {
    return !this.state.paused && this.state.starts.hasReady;
  }

  private get hasWork(): boolean {
    const { state } = this;
    return this.mayStart || state.hasSomethingTouched || state.evaluations.length > 0 || this.mayLook || this.isFull;
  }

  private get mayLook(): boolean {
    const { isAskedToLook, paused, settings } = this.state;
    return isAskedToLook && !paused && POLLED.some((kind) => settings[kind] !== null && !this.polling.has(kind));
  }

  private get untilDue(): number | undefined {
    const { paused, settings } = this.state;
    const kinds = POLLED.filter((kind) => settings[kind] !== null && !this.polling.has(kind));
    if (paused || kinds.length === 0) return undefined;
    return Math.max(1, Math.min(...kinds.map((kind) => this.due.get(kind) ?? 0)) - Date.now());
  }

  /** Begins to look for files, and to ask the database, where it is time. It goes on beside everything else. */
  private poll(): void {
    const { state } = this;
    if (state.paused || this.isFull) return;
    for (const kind of POLLED) {
      const watch = state.settings[kind];
      const isDue = state.isAskedToLook || Date.now() >= (this.due.get(kind) ?? 0);
      if (!watch || !isDue || this.polling.has(kind)) continue;
      this.due.set(kind, Date.now() + watch.everyMs);
      if (kind === 'files' && state.starts.files().length >= MOST_FILES) continue;
      this.polling.add(kind);
      void this.look(kind).finally(() => this.polling.delete(kind));
    }
    state.isAskedToLook = false;
  }

  private async look(kind: Polled): Promise<void> {
    const { pipeline, settings } = this.state;
    const { files, sql } = settings;
    try {
      const answer = await pollTrigger(files && kind === 'files' ? { pipeline, files } : { pipeline, sql: sql as SqlWatch });
      if (!answer.ok) this.state.hearTrouble(kind, answer);
      else if ('value' in answer) this.state.hearValue(answer.value);
      else {
        this.state.hearFiles(answer.files);
        if (answer.more) this.due.set('files', 0);
      }
    } catch (error) {
      if (!(error instanceof ActivityFailure)) throw error;
      this.state.hearTrouble(kind, { code: 'TRIGGER_POLL_FAILED', reason: messageOf(unwrap(error)) });
    }
  }

  /** Starts what is to be started, and writes down what was decided. */
  private async act(): Promise<void> {
    const { state } = this;
    const evaluations = firstOf(state.evaluations);
    const mayTake = !state.paused && (!this.isFull || this.hasTooMuch);
    const taken = mayTake ? state.starts.take(MOST_ACTED_BYTES - jsonBytes(evaluations)) : [];
    if (taken.length === 0 && evaluations.length === 0) return;
    this.acts += 1;
    const at = new Date().toISOString();
    const starts = taken.map((start: TriggeredStart) => ({ ...start, evaluation: state.nextId(at) }));
    const { pipeline, settings } = state;
    const attempts = await actOnTrigger({
      trigger: workflowInfo().workflowId,
      pipeline,
      params: settings.params,
      starts,
      evaluations,
    });
    state.evaluations.splice(0, evaluations.length);
    state.starts.settle(attempts);
  }

  private awaitBlockers(): void {
    for (const workflowId of this.state.starts.blockers()) {
      if (this.awaited.size >= AWAITED_AT_ONCE) return;
      if (this.awaited.has(workflowId)) continue;
      this.awaited.add(workflowId);
      void awaitRun(workflowId)
        .catch(() => undefined)
        .finally(() => {
          this.awaited.delete(workflowId);
          this.state.starts.unblock(workflowId);
        });
    }
  }

  private show(): void {
    const { pipeline, paused } = this.state;
    setCurrentDetails(`Starts **${pipeline}**${paused ? `, paused by ${paused.by}` : ''}.`);
  }
}

function firstOf(evaluations: readonly TriggerEvaluation[]): TriggerEvaluation[] {
  let left = MOST_RECORDED_BYTES;
  const first = evaluations.slice(0, RECORDED_AT_ONCE);
  const end = first.findIndex((each, at) => (left -= jsonBytes(each)) < 0 && at > 0);
  return end < 0 ? first : first.slice(0, end);
}
