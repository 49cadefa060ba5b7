import type { RunRow, StepRow } from '../catalog/index.js';
import type { CheckOutcome } from '../core/checks.js';
import type { Swept } from '../core/retention.js';
import type { LoadResult } from '../core/load.js';
import type { LogFacts, LogLevel, LogLine } from '../core/run-log.js';
import type { ApprovalStepResult } from '../core/answer.js';
import { count, duration } from '../core/amounts.js';
import type { Intervention } from '../temporal/interventions.js';
import { watermarkText } from './watermark-text.js';
import { rangeText } from './range-text.js';

/** One line of what `millrace logs` tells. */
export interface JournalLine {
  /** The same line has the same id whenever it is asked for. */
  readonly id: string;
  /** ISO. */
  readonly at: string;
  readonly level: LogLevel;
  /** Who tells it: the run, one of its steps, the pipeline's own code, or Temporal. */
  readonly source: 'run' | 'step' | 'pipeline' | 'temporal';
  readonly step: string | null;
  readonly attempt: number | null;
  readonly message: string;
  readonly facts: LogFacts | null;
}

/** What is known of a run. */
export interface RunRecord {
  readonly run: RunRow;
  /** Every attempt of its own steps. */
  readonly attempts: readonly StepRow[];
  /** Steps that it took over from an earlier run. */
  readonly takenOver: readonly StepRow[];
  readonly log: readonly LogLine[];
  readonly interventions: readonly Intervention[];
}

/** What a run did and logged, in order of time. */
export function journalOf({ run, attempts, takenOver, log, interventions }: RunRecord): JournalLine[] {
  const lines = [
    ...begin(run),
    ...takenOver.map((step) => takenOverLine(run, step)),
    ...attempts.flatMap((attempt) => attemptLines(attempt, attempts)),
    ...log.map(loggedLine),
    ...interventions.map((each) => ({
      ...base(`temporal ${each.event}`, each.at, `${each.message}.`),
      source: 'temporal' as const,
      level: 'warn' as const,
    })),
    ...end(run),
  ];
  const rank = { run: 0, temporal: 1, pipeline: 2, step: 3 } as const;
  return lines
    .map((line, index) => ({ line, index }))
    .toSorted((a, b) => {
      const byTime = a.line.at.localeCompare(b.line.at);
      if (byTime !== 0) return byTime;
      if (a.line.id === 'end' || b.line.id === 'end') return a.line.id === 'end' ? 1 : -1;
      return rank[a.line.source] - rank[b.line.source] || a.index - b.index;
    })
    .map(({ line }) => line);
}

function base(id: string, at: string, message: string): JournalLine {
  return { id, at, level: 'info', source: 'run', step: null, attempt: null, message, facts: null };
}

function begin({ startedAt, pipeline, params, retryOf, resetOf }: RunRow): JournalLine[] {
  if (startedAt === null) return [];
  const how =
    resetOf !== null ? `, made by a reset of ${resetOf}` : retryOf ? `, a retry of ${retryOf.workflowId}@${retryOf.runId}` : '';
  const given = params === null ? '' : ` with ${JSON.stringify(params)}`;
  return [base('begin', startedAt, `Run of ${pipeline ?? 'an unknown pipeline'} started${given}${how}.`)];
}

function end({ finishedAt, status, error }: RunRow): JournalLine[] {
  if (finishedAt === null) return [];
  const why = error === null ? '' : `: ${withCode(error)}`;
  return [
    {
      ...base('end', finishedAt, `Run ${status}${why}${why === '' ? '.' : ''}`),
      level: status === 'completed' ? 'info' : 'error',
    },
  ];
}

function takenOverLine(run: RunRow, step: StepRow): JournalLine {
  const message = `Taken over from run ${step.workflowId}@${step.runId}: ${outcomeOf(step)}.`;
  return { ...base(`taken over ${step.step}`, run.startedAt ?? '', message), source: 'step', step: step.step };
}

function attemptLines(attempt: StepRow, all: readonly StepRow[]): JournalLine[] {
  const { step, attempt: number, startedAt, finishedAt, status, error } = attempt;
  const line = (what: string, at: string, level: LogLevel, message: string): JournalLine => ({
    ...base(`${what} ${step} ${number}`, at, message),
    level,
    source: 'step',
    step,
    attempt: number,
  });
  const again = number > 1 ? `Attempt ${number} started` : 'Started';
  const started = startedAt === null ? [] : [line('start', startedAt, 'info', `${again}${by(attempt)}.`)];
  if (status === 'done') return [...started, line('end', finishedAt ?? '', 'info', `Done: ${outcomeOf(attempt)}.`)];
  if (status === 'skipped') return [line('end', finishedAt ?? '', 'warn', `Skipped${because(attempt)}.`)];
  if (error) {
    const next = error.willRetry ? ' It is tried again.' : '';
    return [...started, line('end', finishedAt ?? '', error.willRetry ? 'warn' : 'error', `Failed: ${withCode(error)}${next}`)];
  }
  const next = all.find((other) => other.step === step && other.attempt > number);
  if (!next?.startedAt) return started;
  return [
    ...started,
    line('lost', next.startedAt, 'warn', `Attempt ${number} gave no sign of life any more; another one begins.`),
  ];
}

function because({ step, skipped }: StepRow): string {
  return skipped === null || skipped === step ? '' : `, since ${skipped} was`;
}

function by({ workerIdentity }: StepRow): string {
  return workerIdentity === null ? '' : ` on ${workerIdentity}`;
}

function outcomeOf({ result, startedAt, finishedAt }: StepRow): string {
  const time = startedAt !== null && finishedAt !== null ? [duration(Date.parse(finishedAt) - Date.parse(startedAt))] : [];
  if (result === null) return time.join('');
  if ('watermark' in result) return [watermarkText(result.watermark), ...time].join(', ');
  if ('load' in result) {
    const { load } = result;
    const known = load.alreadyDone ? ', done already by an earlier attempt' : '';
    return [`${count(load.rows)} rows into ${load.target} by ${load.mode}${known}`, ...watermarkOf(load), ...time].join(', ');
  }
  if ('checked' in result) return [checkedText(result.checked), ...time].join(', ');
  if ('approved' in result) return [approvedText(result.approved), ...time].join(', ');
  if ('tables' in result) return [`${count(result.tables.length)} tables`, ...time].join(', ');
  if ('swept' in result) return [sweptText(result.swept), ...time].join(', ');
  const rows = result.dataset.rows === null ? 'rows not counted' : `${count(result.dataset.rows)} rows`;
  const reasons = (result.reasons ?? []).map(
    ({ path, message, rows: each }) => `${path || 'row'}: ${message.replace(/\.$/, '')} (${count(each)})`,
  );
  const rejected = result.rejected ? [`${count(result.rejected)} rejected (${reasons.join('; ')})`] : [];
  const range = result.dataset.range ? [rangeText(result.dataset.range)] : [];
  return [rows, ...range, ...rejected, ...(result.reused ? ['found in staging'] : []), ...time].join(', ');
}

function approvedText({ answers, expired }: ApprovalStepResult['approved']): string {
  const who = answers.map(({ by: name, reason }) => (reason === undefined ? name : `${name} (${reason})`)).join(', ');
  if (expired) return `its time was over, and it counts as approved${who === '' ? '' : `; approved by ${who}`}`;
  return `approved by ${who}`;
}

function sweptText({ dryRun, removed }: Swept): string {
  const told = Object.entries(removed).flatMap(([what, many]) => (many > 0 ? [`${count(many)} ${what}`] : []));
  if (told.length === 0) return 'nothing is old enough';
  return `${dryRun ? 'would remove' : 'removed'} ${told.join(', ')}`;
}

function checkedText({ passed, failed }: CheckOutcome): string {
  return `${count(passed)} of ${count(passed + failed)} checks passed`;
}

function watermarkOf({ watermark }: LoadResult): string[] {
  return watermark === undefined ? [] : [`watermark ${watermark ?? 'not set'}`];
}

function loggedLine({ step, attempt, line, at, level, message, facts }: LogLine): JournalLine {
  return {
    id: `log ${step ?? ''} ${attempt} ${line}`,
    at,
    level,
    source: step === undefined ? 'pipeline' : 'step',
    step: step ?? null,
    attempt: step === undefined ? null : attempt,
    message,
    facts: facts ?? null,
  };
}

function withCode({ code, message }: { readonly code: string; readonly message: string }): string {
  return message.includes(`[${code}]`) ? message : `${message} [${code}]`;
}
