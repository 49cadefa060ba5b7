import type { AuditAnswers } from '../connectors/contract.js';
import type { Scalar } from '../core/filter.js';
import { withoutSemicolon } from './duckdb-engine.js';
import type { CheckEngine } from './engine.js';
import { ofCheck } from './faults.js';

/** What answers the checks of an audit: the database that the rows are loaded into. */
export function databaseEngine(answers: AuditAnswers, set: string, params: Readonly<Record<string, Scalar>>): CheckEngine {
  return {
    rows: (check, sql) => ofCheck(set, check, () => answers.rows(check, sql)),
    custom: (check, sql, around) =>
      ofCheck(set, check, () =>
        answers.custom(check, { sql: withoutSemicolon(sql), values: params }, Object.keys(params), around),
      ),
  };
}
