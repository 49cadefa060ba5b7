/** What somebody answered who was asked to approve. A person has one answer at most. */
export interface Answer {
  readonly verdict: 'approve' | 'reject';
  readonly by: string;
  readonly reason?: string;
  readonly role?: string;
  /** ISO. */
  readonly at: string;
}

/** What an approval that was given leaves as the result of its step. */
export interface ApprovalStepResult {
  readonly approved: { readonly answers: readonly Answer[]; readonly expired: boolean };
}
