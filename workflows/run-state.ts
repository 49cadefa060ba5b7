import { defineQuery } from '@temporalio/workflow';
import type { ApprovalState } from '../src/core/approvals.js';
import { TerminalError } from '../src/core/errors.js';
import { waitsForPool } from '../src/core/pools.js';
import type { RunDecision, RunHolds } from '../src/core/steering.js';
import type { StepId, StepKind, StepResult } from '../src/core/steps.js';
import { explainApprovals, waitingApproval } from './approval-text.js';
import type { RunStateView, StepState, StepStatus } from './run-state-view.js';

/** A run's history ends at 51,200 events, of which a step takes 6: far enough below, the run says so. */
export const MAX_STEPS = 2000;
/** Temporal takes some 20 kB of details, and people no more than a screen or two. */
const MAX_SHOWN = 100;
/** Decisions that the `state` query answers with, and steps that wait that the details explain. */
const MAX_DECISIONS = 50;
const MAX_EXPLAINED = 20;

export const stateQuery = defineQuery<RunStateView>('state');

/** What a run knows of itself while it runs: a record of its steps, in order of start. */
export class RunState {
  partition: string | undefined;
  status: RunStateView['status'] = 'admitting';
  holds: RunHolds = { waiting: [] };
  decisions: readonly RunDecision[] = [];
  approvals: readonly ApprovalState[] = [];
  private readonly steps = new Map<StepId, StepState>();

  constructor(readonly pipeline: string) {}

  get stepCount(): number {
    return this.steps.size;
  }

  has(step: StepId): boolean {
    return this.steps.has(step);
  }

  /** @throws TerminalError STEP_DUPLICATE, STEP_LIMIT */
  begin(step: StepId, kind: StepKind, name: string): void {
    if (this.steps.has(step)) {
      throw new TerminalError('STEP_DUPLICATE', `The run already has a step ${step}. Give this one another name: { as: '…' }.`);
    }
    if (this.steps.size >= MAX_STEPS) {
      throw new TerminalError(
        'STEP_LIMIT',
        `The run has ${MAX_STEPS} steps, the most its history can carry. Split the work into partitions and backfill them.`,
      );
    }
    this.steps.set(step, { step, kind, name, status: 'running', startedAt: new Date().toISOString() });
  }

  /** A step that does not go on for now: it is held by a pause, or waits for a decision about its error. */
  stop(step: StepId, status: Extract<StepStatus, 'held' | 'waiting'>, error?: string): void {
    const state = this.steps.get(step);
    if (!state) return;
    state.status = status;
    delete state.waitsFor;
    if (error !== undefined) state.error = error;
  }

  /** A step that waits for a slot of a pool. */
  queue(step: StepId, pool: string): void {
    const state = this.steps.get(step);
    if (state) Object.assign(state, { status: 'queued', waitsFor: waitsForPool(pool) });
  }

  /** A step that was stopped begins now. */
  goOn(step: StepId): void {
    const state = this.steps.get(step);
    if (!state) return;
    state.status = 'running';
    state.startedAt = new Date().toISOString();
    delete state.error;
    delete state.waitsFor;
  }

  end(step: StepId, status: StepStatus, outcome: { readonly result?: StepResult; readonly error?: string } = {}): void {
    const state = this.steps.get(step);
    if (!state) return;
    state.status = status;
    delete state.waitsFor;
    state.finishedAt = new Date().toISOString();
    state.durationMs = Date.parse(state.finishedAt) - Date.parse(state.startedAt);
    if (outcome.error !== undefined) state.error = outcome.error;
    if (outcome.result) Object.assign(state, rowsOf(outcome.result));
  }

  /** A step that has not begun after all. */
  forget(step: StepId): void {
    this.steps.delete(step);
  }

  view(): RunStateView {
    return {
      pipeline: this.pipeline,
      ...(this.partition !== undefined && { partition: this.partition }),
      status: this.status,
      ...(this.holds.paused && { paused: this.holds.paused }),
      ...(this.decisions.length > 0 && { decisions: this.decisions.slice(-MAX_DECISIONS) }),
      ...(this.approvals.length > 0 && { approvals: this.approvals.map(waitingApproval) }),
      steps: [...this.steps.values()],
    };
  }

  /** The steps as a Markdown table: what Temporal's UI shows as the run's current details. */
  details(): string {
    const all = [...this.steps.values()];
    const shown = all.length <= MAX_SHOWN ? all : mostTelling(all);
    const rows = shown.map(
      (step) =>
        `| ${step.kind} | ${step.name} | ${step.waitsFor ?? step.status} | ${count(step.rows)} | ${count(step.rejected)} | ${step.durationMs === undefined ? '' : `${(step.durationMs / 1000).toFixed(1)} s`} |`,
    );
    const title = `**${this.pipeline}**${this.partition === undefined ? '' : ` · ${this.partition}`}`;
    return [
      title,
      '',
      ...explain(this.holds),
      ...explainApprovals(this.approvals),
      '| step | name | state | rows | rejected | time |',
      '| --- | --- | --- | ---: | ---: | ---: |',
      ...rows,
      ...(shown.length < all.length ? ['', `${shown.length} of ${all.length} steps: ${tally(all)}.`] : []),
    ].join('\n');
  }
}

/** Those that have failed or are at work, and the latest of the others; in their order. */
function mostTelling(steps: readonly StepState[]): StepState[] {
  const isTelling = ({ status }: StepState): boolean => ['failed', 'running', 'waiting', 'held', 'queued'].includes(status);
  const others = steps.filter((step) => !isTelling(step));
  const telling = steps.filter(isTelling).slice(-MAX_SHOWN);
  const latest = others.slice(others.length - (MAX_SHOWN - telling.length));
  const shown = new Set([...telling, ...latest]);
  return steps.filter((step) => shown.has(step));
}

/** Why the run does not go on by itself. */
function explain({ paused, waiting }: RunHolds): string[] {
  const because = paused?.reason === undefined ? '' : `: ${oneLine(paused.reason)}`;
  const pause = paused ? [`**Paused** since ${paused.since} by ${oneLine(paused.by)}${because}`, ''] : [];
  const told = waiting
    .slice(0, MAX_EXPLAINED)
    .map(({ step, since, message }) => `- **${step}** since ${since}: ${oneLine(message)}`);
  const more = waiting.length > told.length ? [`- and ${waiting.length - told.length} more`] : [];
  return [...pause, ...(told.length === 0 ? [] : ['Waits for a decision (retry, skip or abort):', ...told, ...more, ''])];
}

function oneLine(text: string): string {
  return text.slice(0, 300).replace(/\s+/g, ' ');
}

function tally(steps: readonly StepState[]): string {
  const counts = new Map<StepStatus, number>();
  for (const { status } of steps) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, number]) => `${number} ${status}`).join(', ');
}

function rowsOf(result: StepResult): Pick<StepState, 'rows' | 'rejected'> {
  if ('load' in result) return { rows: result.load.rows };
  if (!('dataset' in result)) return {};
  return { rows: result.dataset.rows, ...(result.rejected !== undefined && { rejected: result.rejected }) };
}

// Grouped by hand: the sandbox's Intl would depend on the worker's locale.
function count(value: number | null | undefined): string {
  return value === undefined || value === null ? '' : String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
