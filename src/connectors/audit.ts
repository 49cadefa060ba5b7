import type { CheckResult } from '../core/checks.js';
import type { Column } from '../core/dataset.js';
import type { Statement } from '../core/statement.js';

/**
 * What a load is asked within its transaction, when its rows are in the destination and nobody else sees them. A load that
 * is found done is not asked again: what its audit found is in the ledger.
 */
export interface LoadAudit {
  /** Questions about `target` are asked once the rows are in it, the others before it is touched. */
  readonly questions: readonly AuditQuestions[];
  /** Called after the questions of each of the two moments. Gives what they have found; or throws, and the load is undone. */
  settle(): readonly CheckResult[];
}

export interface AuditQuestions {
  /** What the statements see, by the names that they use. */
  readonly inputs: Readonly<Record<string, AuditInput>>;
  judge(answers: AuditAnswers): Promise<void>;
}

/** The rows that the load brings; the whole target as it will be; or another table there. */
export type AuditInput = 'loaded' | 'target' | AuditTable;

/** A table as `TransformTable` in the destinations' contract has it. */
export interface AuditTable {
  readonly table: string;
  readonly settle: (columns: readonly Column[]) => readonly Column[];
}

/** Answers SELECTs that see the inputs and nothing else. Their columns are texts. */
export interface AuditAnswers {
  /** @param name of the check, for messages */
  rows(name: string, sql: string): Promise<readonly AuditRow[]>;
  /**
   * The rows of a SELECT around one that somebody wrote: it is first proven to be one statement that reads its inputs only.
   *
   * @throws TerminalError QUERY_FAILED, TRANSFORM_FORBIDDEN
   */
  custom(
    name: string,
    statement: Statement,
    parameters: readonly string[],
    around: (written: string) => string,
  ): Promise<readonly AuditRow[]>;
}

export type AuditRow = Readonly<Record<string, string | null>>;
