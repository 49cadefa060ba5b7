/** What somebody answered who was asked to approve. A person has one answer at most. */
export interface Answer {
  readonly verdict: 'approve' | 'reject';
  readonly by: string;
  readonly reason?: string;
  readonly role?: string;
  /** ISO. */
  readonly at: string;
}
