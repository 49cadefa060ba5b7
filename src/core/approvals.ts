import type { Answer } from './answer.js';
import type { RunContext, StepId } from './steps.js';

/*
 * What people are asked before a run goes on. The words are those of the workflow's updates, of the catalog and of whoever
 * answers.
 */

/** The longest title, and the longest details (as text, or as JSON), in characters. */
export const MAX_TITLE = 200;
export const MAX_DETAILS = 20_000;
/** The most people that one approval can need, and the most roles that it can name. */
export const MAX_NEEDED = 20;
export const MAX_ROLES = 20;

/** What is asked, and of whom. Another question is another approval, whatever it is called. */
export interface ApprovalQuestion {
  readonly title: string;
  /** Markdown, or JSON. */
  readonly details: unknown;
  /** Whose answers count: Millrace's roles, and groups. Empty: of everybody who may steer runs. */
  readonly roles: readonly string[];
  /** How many people have to approve. */
  readonly needed: number;
  /** Whoever started the run may not approve. */
  readonly fourEyes: boolean;
}

/** What becomes of an approval whose time is over. */
export type OnExpiry = 'reject' | 'approve';

/** An approval as a pipeline asks for it. */
export interface ApprovalCall extends ApprovalQuestion {
  /** Unique among the run's approvals. */
  readonly name: string;
  /** @default it waits without end */
  readonly expiresMs: number | undefined;
  readonly onExpiry: OnExpiry;
}

/** The argument of the updates `approve` and `reject`. */
export interface AnswerInput {
  /** The step's id (`approve:publish`), or its name. */
  readonly step: string;
  readonly by: string;
  /** Needed to reject. */
  readonly reason?: string;
  /** As which of the roles somebody answers; needed where the approval names some. */
  readonly role?: string;
}

/** Somebody who has approved. */
export type Approver = Omit<Answer, 'verdict'>;

/** `expired`: its time was over before enough people had answered; whether the run went on then, `onExpiry` says. */
export const APPROVAL_STATES = ['waiting', 'approved', 'rejected', 'expired'] as const;
export type ApprovalStatus = (typeof APPROVAL_STATES)[number];

/** An approval as its run has it. */
export interface ApprovalState extends ApprovalQuestion {
  readonly step: StepId;
  readonly onExpiry: OnExpiry;
  /** Grows with each change, so that an earlier word that comes late changes nothing. */
  readonly change: number;
  /** ISO. */
  readonly since: string;
  readonly expiresAt: string | null;
  readonly status: ApprovalStatus;
  readonly answers: readonly Answer[];
  readonly endedAt: string | null;
  /** The run in which it was given, where this one took it over. */
  readonly takenFrom?: { readonly workflowId: string; readonly runId: string };
}

/** What the updates answer: it enters the run's history, and says there what was answered. */
export interface Answered {
  readonly step: StepId;
  readonly title: string;
  readonly status: ApprovalStatus;
  readonly needed: number;
  /** How many have approved by now. */
  readonly approved: number;
}

/** What an approval gives to the pipeline. */
export interface Approval {
  readonly approvedBy: readonly Approver[];
  /** True when nobody stopped it in time, and it is one that is approved then. */
  readonly expired: boolean;
}

/** What a run asks when it begins to wait. */
export interface OpenApprovalInput {
  readonly run: RunContext;
  readonly approval: ApprovalState;
  /** The run that this one retries, whose approval it may take over. */
  readonly earlier?: { readonly workflowId: string; readonly runId: string; readonly from?: string };
}

/** What it is told. It enters the history: no details. */
export interface OpenedApproval {
  readonly title: string;
  readonly needed: number;
  readonly roles: readonly string[];
  /** The same was asked in the run that is retried, and approved: the answers stand. */
  readonly taken?: { readonly answers: readonly Answer[]; readonly workflowId: string; readonly runId: string };
}

/** Where a run tells how its approvals stand. A type, not an interface: Temporal's sinks have an index signature. */
export type ApprovalSinks = {
  readonly approvals: { changed(run: RunContext, approval: ApprovalState): void };
};

export function approversOf({ answers }: Pick<ApprovalState, 'answers'>): Approver[] {
  return answers
    .filter(({ verdict }) => verdict === 'approve')
    .map(({ by, reason, role, at }) => ({
      by,
      ...(reason !== undefined && { reason }),
      ...(role !== undefined && { role }),
      at,
    }));
}

/** What a rejected or expired approval ends with, in words. */
export function refusalOf({ title, step, answers, needed, expiresAt }: ApprovalState): string {
  const rejected = answers.find(({ verdict }) => verdict === 'reject');
  if (rejected) return `${rejected.by} rejected "${title}" (${step}): ${rejected.reason ?? 'no reason was given'}`;
  const approved = approversOf({ answers }).length;
  return `"${title}" (${step}) was to be approved until ${String(expiresAt)}, by ${needed}; ${approved} had by then`;
}
