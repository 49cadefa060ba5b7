import { workflowInfo } from '@temporalio/workflow';
import type { Answer } from '../src/core/answer.js';
import { approversOf, type AnswerInput, type ApprovalState, type ApprovalStatus } from '../src/core/approvals.js';
import { TerminalError } from '../src/core/errors.js';
import { STARTED_BY } from '../src/core/started-by.js';
import { checkAnswer } from './steering-input.js';

/** States that a refusal lists; it is one line for a person. */
const MOST_NAMED = 20;

/**
 * The approvals of one run: who has answered what, and what each has come to. It decides by itself what an answer does; whoever
 * waits looks at it.
 */
export class ApprovalRecords {
  private readonly known = new Map<string, ApprovalState>();

  /** @param changed told each time that one has changed, as it is now */
  constructor(private readonly changed: (approval: ApprovalState) => void) {}

  get waiting(): ApprovalState[] {
    return [...this.known.values()].filter(({ status }) => status === 'waiting');
  }

  get(step: string): ApprovalState {
    return this.known.get(step) as ApprovalState;
  }

  /** Keeps one that begins to wait, or was given before. */
  add(approval: ApprovalState): void {
    this.known.set(approval.step, approval);
  }

  /** Ends a wait without telling anybody but the next who answers: the run ends with it. */
  drop(step: string): void {
    this.known.delete(step);
  }

  change(step: string, change: Partial<ApprovalState>): ApprovalState {
    const before = this.get(step);
    const after = { ...before, ...change, change: before.change + 1 };
    this.known.set(step, after);
    this.changed(after);
    return after;
  }

  /** @throws TerminalError why the answer does not count */
  refuse(verdict: Answer['verdict'], input: AnswerInput): void {
    checkAnswer(verdict, input);
    const approval = this.find(input.step);
    if (approval.status !== 'waiting') throw closed(approval);
    const { title, step, roles, answers, fourEyes } = approval;
    const by = input.by.trim();
    if (roles.length > 0 && (input.role === undefined || !roles.includes(input.role))) {
      const as = input.role === undefined ? 'Say as which you answer: "role"' : `"${input.role}" is none of them`;
      throw new TerminalError('APPROVAL_FORBIDDEN', `"${title}" (${step}) is for ${roles.join(', ')} to answer. ${as}.`);
    }
    if (verdict === 'reject') return;
    if (fourEyes && workflowInfo().memo?.[STARTED_BY] === by)
      throw new TerminalError('APPROVAL_FORBIDDEN', `${by} started this run, and "${title}" (${step}) needs somebody else.`);
    const before = answers.find((answer) => answer.by === by);
    if (before)
      throw new TerminalError(
        'APPROVAL_REPEATED',
        `${by} has approved "${title}" (${step}) already, at ${before.at}: each counts once.`,
      );
  }

  take(verdict: Answer['verdict'], { step: wanted, by, reason, role }: AnswerInput): ApprovalState {
    const { step, answers, needed } = this.find(wanted);
    const at = new Date().toISOString();
    const said = typeof reason === 'string' && reason.trim() !== '' ? { reason: reason.trim() } : {};
    const answer: Answer = { verdict, by: by.trim(), ...said, ...(role !== undefined && { role }), at };
    // Somebody may think better of it: a rejection takes the place of their approval.
    const all = [...answers.filter((each) => each.by !== answer.by), answer];
    const enough = approversOf({ answers: all }).length >= needed;
    const status: ApprovalStatus = verdict === 'reject' ? 'rejected' : enough ? 'approved' : 'waiting';
    return this.change(step, { answers: all, status, ...(status !== 'waiting' && { endedAt: at }) });
  }

  /** By its id, or its name. */
  private find(wanted: string): ApprovalState {
    const approval = this.known.get(wanted) ?? this.known.get(`approve:${wanted}`);
    if (approval) return approval;
    const names = [...this.known.keys()].slice(-MOST_NAMED).join(', ') || 'none so far';
    throw new TerminalError('APPROVAL_UNKNOWN', `The run has no approval "${wanted}". It has: ${names}.`);
  }
}

function closed({ title, step, status, answers, endedAt }: ApprovalState): TerminalError {
  const who = answers.map(({ by }) => by).join(', ');
  const how = status === 'expired' ? 'has expired' : `was ${status}${who === '' ? '' : ` by ${who}`}`;
  return new TerminalError('APPROVAL_CLOSED', `"${title}" (${step}) ${how} at ${String(endedAt)}: no answer counts any more.`);
}
