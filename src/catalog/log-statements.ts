import type { LogFacts, LogLevel, LogLine } from '../core/run-log.js';
import type { StepId } from '../core/steps.js';
import type { CatalogSession } from './tables.js';

/** Keeps lines. One that is kept already stays as it is. */
export async function keepLog(db: CatalogSession, lines: readonly LogLine[]): Promise<void> {
  if (lines.length === 0) return;
  await db
    .insertInto('log_lines')
    .values(
      lines.map((line) => ({
        workflow_id: line.workflowId,
        run_id: line.runId,
        step: line.step ?? '',
        attempt: line.attempt,
        line: line.line,
        at: line.at,
        level: line.level,
        message: line.message,
        facts: line.facts === undefined ? null : JSON.stringify(line.facts),
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** The lines of one run, in order of time. */
export async function listLog(db: CatalogSession, workflowId: string, runId: string): Promise<LogLine[]> {
  const stored = await db
    .selectFrom('log_lines')
    .selectAll()
    .where('workflow_id', '=', workflowId)
    .where('run_id', '=', runId)
    .orderBy('at')
    .orderBy('step')
    .orderBy('attempt')
    .orderBy('line')
    .execute();
  return stored.map((row) => ({
    workflowId,
    runId,
    ...(row.step !== '' && { step: row.step as StepId }),
    attempt: row.attempt,
    line: row.line,
    at: row.at,
    level: row.level as LogLevel,
    message: row.message,
    ...(row.facts !== null && { facts: JSON.parse(row.facts) as LogFacts }),
  }));
}
