import { listApprovals, listApprovalsOf, findApproval, type ApprovalFilter, type ApprovalRow } from './approval-queries.js';
import { recordApproval } from './approval-statements.js';
import type { ApprovalRecorded } from './approval-facts.js';
import type { CatalogDatabase } from './database.js';
import type { RunKey } from './facts.js';

/** What people are asked, and who has answered what. No rebuild brings it back: the catalog needs a backup. */
export interface ApprovalRecords {
  /** A word that is no later than the last one changes nothing. @returns whether it was news */
  recordApproval(fact: ApprovalRecorded): Promise<boolean>;
  findApproval(run: RunKey, step: string): Promise<ApprovalRow | undefined>;
  /** Those of one run, in order of time. */
  listApprovalsOf(run: RunKey): Promise<ApprovalRow[]>;
  /** Those that wait the longest first. */
  listApprovals(filter: ApprovalFilter): Promise<ApprovalRow[]>;
}

export function approvalRecords(database: CatalogDatabase): ApprovalRecords {
  return {
    recordApproval: (fact) => database.write((db) => recordApproval(db, fact)),
    findApproval: (run, step) => database.read((db) => findApproval(db, run, step)),
    listApprovalsOf: (run) => database.read((db) => listApprovalsOf(db, run)),
    listApprovals: (filter) => database.read((db) => listApprovals(db, filter)),
  };
}
