import type { SchemaChangeRow } from '../catalog/index.js';
import type { ReasonCount } from '../core/manifest.js';
import { count, duration, plainTable } from '../dev/text-format.js';
import type { RunView, StepView } from '../operations/run-view.js';
import { formatRunAddress } from '../temporal/run-id.js';
import { checkCells } from './check-lines.js';
import { columns } from './columns.js';
import { errorText } from './output.js';
import { rangeText } from '../operations/range-text.js';
import { shortTime } from './short-time.js';
import { STEP_HEAD, stepCells } from './step-lines.js';

/** A run as people read it. */
export function runText(view: RunView): string {
  const facts: readonly (readonly [string, string | null])[] = [
    ['pipeline', view.partition === null ? view.pipeline : `${String(view.pipeline)}, partition ${view.partition}`],
    ['run id', view.runId],
    ['started', view.startedAt && `${shortTime(view.startedAt)} UTC`],
    ['time', view.durationMs === null ? null : duration(view.durationMs)],
    ['parameters', view.params === null ? null : JSON.stringify(view.params)],
    ['owner', view.owner],
    ['task queue', view.taskQueue],
    ['retries', view.retryOf && `${formatRunAddress(view.retryOf)}${view.retryOf.from ? ` from ${view.retryOf.from}` : ''}`],
    ['with', view.changes && changesText(view.changes)],
    ['reset of', view.resetOf],
    ['paused', view.paused && saidBy(view.paused.since, view.paused)],
  ];
  const known = facts.flatMap(([name, value]) => (value === null || value === '' ? [] : [[`  ${name}`, value]]));
  const parts = [`${view.workflowId}  ${view.status}`, columns(known, 2)];
  if (view.steps.length > 0) parts.push(plainTable(STEP_HEAD, view.steps.map(cellsOf), 2));
  const reasons = view.steps.flatMap((step) =>
    step.reasons.map((reason) => [step.step, count(reason.rows), describeReason(reason)]),
  );
  if (reasons.length > 0) parts.push(`Rejected rows (all: millrace quarantine ${view.workflowId})\n${columns(reasons, 1)}`);
  const changes = view.schemaChanges.map((change) => [change.step, change.target, describeChange(change)]);
  if (changes.length > 0) parts.push(`Columns that changed\n${columns(changes, 1)}`);
  if (view.checks.length > 0) parts.push(`Checks of whole datasets\n${columns(checkCells(view.checks), 4)}`);
  const decisions = view.decisions.map((decision) => [decision.action, decision.step ?? '', saidBy(decision.at, decision)]);
  if (decisions.length > 0) parts.push(`What was done to it\n${columns(decisions, 3)}`);
  const asked = view.approvals.map(({ step, title, status, needed }) => [
    step,
    status,
    needed > 1 ? `${title} (${needed})` : title,
  ]);
  if (asked.length > 0) parts.push(`Approvals\n${columns(asked, 3)}`);
  const answers = view.approvals.flatMap((each) => each.answers.map((answer) => [answer.verdict, each.step, answerText(answer)]));
  if (answers.length > 0) parts.push(`Answers\n${columns(answers, 3)}`);
  const overrides = view.auditOverrides.map(({ step, by, at, reason }) => [step, `${by}, ${shortTime(at)} UTC: ${reason}`]);
  if (overrides.length > 0) parts.push(`Audits overridden\n${columns(overrides, 2)}`);
  if (view.error) parts.push(errorText(view.error));
  return parts.join('\n\n');
}

/** What a retry does otherwise; nothing where it does the same. */
function changesText({ params, code, version }: NonNullable<RunView['changes']>): string {
  const parts = [
    params.length > 0 ? `other ${params.join(', ')}` : '',
    code === 'other' ? 'other code' : '',
    version ? `Millrace ${version.to} instead of ${version.from}` : '',
  ];
  return parts.filter(Boolean).join('; ');
}

function saidBy(at: string, { by, reason }: { readonly by: string; readonly reason?: string }): string {
  return `${by}, ${shortTime(at)} UTC${reason === undefined ? '' : `: ${reason}`}`;
}

function answerText({ by, role, at, reason }: RunView['approvals'][number]['answers'][number]): string {
  return saidBy(at, { by: role === undefined ? by : `${by} as ${role}`, ...(reason !== undefined && { reason }) });
}

/** Why rows were rejected, in a line. */
export function describeReason({ code, path, message }: Pick<ReasonCount, 'code' | 'path' | 'message'>): string {
  return `${path === '' ? '' : `${path}: `}${message} (${code})`;
}

function describeChange({ change, column, from, to, rows }: SchemaChangeRow): string {
  const type = [from, to].filter((each) => each !== null).join(' → ');
  const values = change === 'discarded' && rows !== null ? `, ${count(rows)} rows with a value` : '';
  return `${change} ${column}${type === '' ? '' : ` (${type})`}${values}`;
}

function cellsOf(step: StepView): string[] {
  const range = step.range && !step.step.startsWith('validate:') ? rangeText(step.range) : '';
  const told = range || (step.watermark === null ? '' : `watermark ${step.watermark}`);
  const tries = step.attempts > 1 ? `${step.attempts} attempts` : '';
  const deleted = step.deleted === null ? '' : `${count(step.deleted)} deleted`;
  return stepCells({ ...step, note: [step.target, told, deleted, tries, step.note].filter(Boolean).join(', ') });
}
