/** What people are asked before the run goes on. */
export interface ApproveOptions {
  /** In a line, of at most 200 characters: what is to be approved. Its words make the step's name. */
  readonly title: string;
  /** What they need to know to decide: Markdown, or small facts as JSON; at most 20,000 characters. No rows, no secrets. */
  readonly details?: string | object;
  /**
   * Whose answers count: a role of Millrace (`'operator'`, `'admin'`: that role or more), or a group that a token or the
   * issuer of identities gives.
   * @default ['operator']
   */
  readonly roles?: readonly string[];
  /** How many people have to approve; each counts once. @default 1 */
  readonly needed?: number;
  /** How long it waits: `'2 days'`, or milliseconds. @default without end */
  readonly expires?: string | number;
  /** What it comes to when that time is over: it fails (APPROVAL_EXPIRED), or it counts as approved. @default 'reject' */
  readonly onExpiry?: 'reject' | 'approve';
  /** Whoever started the run may not approve. @default false */
  readonly fourEyes?: boolean;
  /** Another name for the step, where the title gives none that is free. */
  readonly as?: string;
}
