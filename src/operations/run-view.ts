import type { ApprovalRow, AuditOverride, CheckResultRow, RunRow, SchemaChangeRow, StepRow } from '../catalog/index.js';
import type { CursorRange } from '../core/cursor.js';
import type { RunDecision } from '../core/steering.js';
import type { ReasonCount } from '../core/manifest.js';
import type { PendingStep, RunDescription, RunOutcome } from '../temporal/describe-run.js';
import { watermarkText } from './watermark-text.js';
import { errorReport, type ErrorReport } from './error-report.js';

/** A run as `millrace show` gives it. Times are ISO, `null` is unknown. */
export interface RunView {
  readonly workflowId: string;
  readonly runId: string;
  readonly pipeline: string | null;
  readonly partition: string | null;
  readonly status: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly durationMs: number | null;
  readonly params: unknown;
  readonly owner: string | null;
  readonly taskQueue: string | null;
  readonly historyEvents: number | null;
  readonly retryOf: RunRow['retryOf'];
  readonly resetOf: string | null;
  /** Of a retry: what it does otherwise than the run that it retries. */
  readonly changes: RunRow['changes'];
  readonly steps: readonly StepView[];
  readonly schemaChanges: readonly SchemaChangeRow[];
  /** What checks of whole datasets found. */
  readonly checks: readonly CheckResultRow[];
  /** Of a run that is open: since when it starts no new step, by whom and why. */
  readonly paused: RunRow['paused'];
  /** What people did to the run. */
  readonly decisions: readonly RunDecision[];
  /** What people were asked. */
  readonly approvals: readonly ApprovalRow[];
  /** Audits in spite of which loads were to be published. */
  readonly auditOverrides: readonly AuditOverride[];
  readonly result: unknown;
  readonly error: ErrorReport | null;
}

export interface StepView {
  readonly step: string;
  readonly status: string;
  readonly rows: number | null;
  /** Of a judgement: the rows that it judged, of which some were rejected. */
  readonly rowsRead: number | null;
  readonly rejected: number | null;
  /** The URI of the dataset that it made or found. */
  readonly dataset: string | null;
  /** The contract whose verdict the dataset's rows have passed. */
  readonly contract: string | null;
  readonly startedAt: string | null;
  readonly durationMs: number | null;
  readonly attempts: number;
  /** For a load: the table or file it went to. */
  readonly target: string | null;
  /** For a dataset that was read by a cursor: which slice of its source it is. */
  readonly range: CursorRange | null;
  /** Where a target is: when the step asked, or after its load. */
  readonly watermark: string | null;
  /** For a load with a delete flag: how many rows it deleted, or versions it ended. */
  readonly deleted: number | null;
  readonly reasons: readonly ReasonCount[];
  readonly note: string;
}

interface Truth {
  readonly description: RunDescription;
  readonly outcome: RunOutcome | undefined;
}

/** What the catalog knows of a run's steps. */
export interface KnownSteps {
  readonly steps: readonly StepRow[];
  readonly schemaChanges: readonly SchemaChangeRow[];
  readonly checks: readonly CheckResultRow[];
  readonly auditOverrides: readonly AuditOverride[];
  readonly decisions: readonly RunDecision[];
  readonly approvals: readonly ApprovalRow[];
}

/** Puts together what Temporal (`truth`) and the catalog know of a run; one of them knows it. */
export function runView(row: RunRow | undefined, known: KnownSteps, truth: Truth | undefined): RunView {
  const description = truth?.description;
  const startedAt = description?.startedAt ?? row?.startedAt ?? null;
  const finishedAt = description ? description.closedAt : (row?.finishedAt ?? null);
  const until = finishedAt ?? (description ? new Date().toISOString() : null);
  const runId = description?.runId ?? row?.runId ?? '';
  return {
    workflowId: description?.workflowId ?? row?.workflowId ?? '',
    runId,
    pipeline: row?.pipeline ?? description?.pipeline ?? null,
    partition: row?.partition ?? null,
    status: description?.state ?? row?.status ?? 'unknown',
    startedAt,
    finishedAt,
    durationMs: startedAt !== null && until !== null ? Date.parse(until) - Date.parse(startedAt) : null,
    params: row?.params ?? null,
    owner: row?.owner ?? null,
    taskQueue: description?.taskQueue ?? row?.taskQueue ?? null,
    historyEvents: description?.historyLength ?? null,
    retryOf: row?.retryOf ?? null,
    resetOf: row?.resetOf ?? null,
    changes: row?.changes ?? null,
    steps: stepViews(runId, known, description?.pending ?? [], row?.waiting ?? []),
    schemaChanges: known.schemaChanges,
    checks: known.checks,
    paused: finishedAt === null ? (row?.paused ?? null) : null,
    decisions: known.decisions,
    approvals: known.approvals,
    auditOverrides: known.auditOverrides,
    result: truth?.outcome?.ok ? truth.outcome.result : (row?.result ?? null),
    error: errorOf(row, truth?.outcome),
  };
}

function stepViews(
  runId: string,
  { steps, approvals }: KnownSteps,
  pending: readonly PendingStep[],
  waiting: RunRow['waiting'],
): StepView[] {
  return steps.map((step) => {
    const asked = approvals.find((each) => each.step === step.step);
    const live = pending.find((each) => each.step === step.step);
    const took = step.startedAt && step.finishedAt ? Date.parse(step.finishedAt) - Date.parse(step.startedAt) : null;
    const dataset = step.result && 'dataset' in step.result ? step.result : undefined;
    const load = step.result && 'load' in step.result ? step.result.load : undefined;
    return {
      step: step.step,
      status:
        step.runId === runId
          ? asked
            ? approvalStatus(asked, step)
            : (live?.state ?? (waits(step, waiting) ? 'waiting' : step.status))
          : 'reused',
      rows: live?.progress?.rows ?? load?.rows ?? dataset?.dataset.rows ?? null,
      rowsRead: dataset?.rowsRead ?? null,
      rejected: dataset?.rejected ?? null,
      dataset: dataset?.dataset.uri ?? null,
      contract: dataset?.dataset.contract ?? null,
      startedAt: step.startedAt,
      durationMs: live ? null : took,
      attempts: Math.max(step.attempts, live?.attempt ?? 0),
      target: load?.target ?? null,
      range: dataset?.dataset.range ?? null,
      watermark: watermarkOf(step.result),
      deleted: load?.deleted ?? null,
      reasons: dataset?.reasons ?? [],
      note: (asked && approvalNote(asked)) ?? live?.progress?.phase ?? noteOf(step, waits(step, waiting)),
    };
  });
}

function approvalStatus({ status, takenFrom }: ApprovalRow, step: StepRow): string {
  if (takenFrom) return 'reused';
  return status === 'waiting' ? 'waiting' : step.status;
}

/** What an approval waits for, or who has given it; of one that was refused, its step's error tells. */
function approvalNote({ status, title, answers, needed, takenFrom }: ApprovalRow): string | undefined {
  const approvers = answers.filter(({ verdict }) => verdict === 'approve').map(({ by }) => by);
  const by = approvers.length === 0 ? '' : ` by ${approvers.join(', ')}`;
  if (status === 'waiting') return `waits for approval (${approvers.length} of ${needed}${by}): ${title}`;
  if (status !== 'approved') return undefined;
  return `approved${by}${takenFrom ? ` in ${takenFrom.workflowId}@${takenFrom.runId}` : ''}: ${title}`;
}

function waits({ step, status }: StepRow, waiting: RunRow['waiting']): boolean {
  return status === 'failed' && waiting.some((each) => each.step === step);
}

function noteOf({ step, skipped, error }: StepRow, waiting: boolean): string {
  if (skipped !== null) return skipped === step ? 'skipped by decision' : `since ${skipped} was skipped`;
  return `${waiting ? 'waits for a decision: ' : ''}${error?.message ?? ''}`;
}

function watermarkOf(result: StepRow['result']): string | null {
  if (result && 'watermark' in result) return watermarkText(result.watermark);
  return result && 'load' in result ? (result.load.watermark ?? null) : null;
}

function errorOf(row: RunRow | undefined, outcome: RunOutcome | undefined): ErrorReport | null {
  if (outcome) return outcome.ok ? null : errorReport(outcome.error.code, outcome.error.message);
  return row?.error ? errorReport(row.error.code, row.error.message) : null;
}
