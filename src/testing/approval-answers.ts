/** What approvals come to in a test, by the names of their steps, without `approve:`. */
export type GivenApprovals = Readonly<Record<string, 'approved' | 'rejected' | 'expired'>>;
