import { TerminalError } from '../core/errors.js';
import type { Scalar } from '../core/filter.js';
import type { Manifest } from '../core/manifest.js';
import { inspectSelect } from '../engine/select-guard.js';
import type { EngineSession } from '../engine/session.js';
import { boundRows, confineTo } from '../engine/transform.js';
import type { CheckEngine, TextRow } from './engine.js';
import { ofCheck } from './faults.js';

/** Datasets that are to be judged, and what the SQL of checks may use besides. */
export interface DatasetsRequest {
  /** The check set's name, or the contract's. */
  readonly set: string;
  readonly inputs: Readonly<Record<string, Manifest>>;
  readonly stagingRoot: string;
  readonly params: Readonly<Record<string, Scalar>>;
}

/** Makes a session judge datasets. From then on it sees them and nothing else. */
export async function duckdbChecks(
  session: EngineSession,
  { set, inputs, stagingRoot, params }: DatasetsRequest,
): Promise<CheckEngine> {
  await confineTo(session, inputs, stagingRoot, []);
  return duckdbEngine(session, { set, inputs: Object.keys(inputs), params });
}

/** What answers checks in a session in which the inputs are views, and that sees nothing else. */
export function duckdbEngine(
  session: EngineSession,
  { set, inputs, params }: Pick<DatasetsRequest, 'set' | 'params'> & { readonly inputs: readonly string[] },
): CheckEngine {
  return {
    rows: (check, sql) => ofCheck(set, check, () => session.rows<TextRow>(sql)),
    custom: (check, sql, around) =>
      ofCheck(set, check, async () => {
        const written = withoutSemicolon(sql);
        await inspectSelect(session, check, written, inputs);
        const statement = { sql: around(written), values: params };
        return boundRows<TextRow>(session, { name: check, statement, parameters: Object.keys(params) });
      }),
  };
}

/** @throws TerminalError CHECK_INVALID */
export function refuseOtherDialect(set: string, check: string, dialect: string | undefined): void {
  if (dialect === undefined || dialect === 'duckdb') return;
  throw new TerminalError(
    'CHECK_INVALID',
    `Check "${check}" of "${set}" is written in the SQL of ${dialect}, and DuckDB judges datasets. Use the set in the audit of a load into such a database, or write the check in DuckDB's SQL.`,
    { set, check },
  );
}

export function withoutSemicolon(sql: string): string {
  return sql.trimEnd().replace(/;\s*$/, '');
}
