import { openSession, type EngineSession } from '../engine/session.js';
import type { Project } from '../config/project.js';
import { quoteFile, quoteIdentifier } from '../core/filter.js';
import type { Manifest, Reason, Rejected } from '../core/manifest.js';
import type { Column } from '../core/dataset.js';
import { resolvePath } from '../engine/dataset-sql.js';
import type { Staging } from '../engine/staging.js';
import type { CapturedLoad } from './given-connections.js';
import type { AnyRow, TestedLoad, TestedReject } from './pipeline-result.js';
import { readRows } from './rows.js';
import type { TestedStep, TestSteps } from './test-steps.js';

interface Made {
  readonly project: Project;
  readonly staging: Staging;
  readonly steps: TestSteps;
  readonly loads: readonly CapturedLoad[];
}

/** Reads into memory what the steps of a test have made. */
export async function readOutcome(made: Made, limits: Parameters<typeof openSession>[0]) {
  const session = await openSession(limits, new AbortController().signal);
  try {
    return { loads: await readLoads(made, session), rejects: await readRejects(made, session) };
  } finally {
    session.close();
  }
}

async function readLoads({ project, staging, steps, loads }: Made, session: EngineSession): Promise<TestedLoad[]> {
  const read: TestedLoad[] = [];
  for (const { target, step, mode, columns, file } of loads) {
    const done = steps.done.get(step as `load:${string}`);
    // One that failed after all has loaded nothing.
    if (!done?.result) continue;
    const { uri } = done.call.input['input'] as { readonly uri: string };
    const name = (await staging.read(uri)).contract?.name;
    const contract = name === undefined ? undefined : project.contracts[name];
    const select = `SELECT * FROM read_parquet(${quoteFile(file)})`;
    const rows = contract ? await readRows(session, contract, columns, select) : await plainRows(session, columns, select);
    read.push({ target, mode, contract: name, rows });
  }
  return read;
}

/** Rows that no contract has a type for: dates and times as text. */
async function plainRows(session: EngineSession, columns: readonly Column[], select: string): Promise<AnyRow[]> {
  const list = columns.map(({ name }, at) => `to_json(${quoteIdentifier(name)})::VARCHAR AS c${at}`);
  const found = await session.rows<Record<string, string | null>>(`SELECT ${list.join(', ')} FROM (${select}) AS loaded`);
  return found.map((row) =>
    Object.fromEntries(columns.map(({ name }, at) => [name, JSON.parse(row[`c${at}`] ?? 'null') as unknown])),
  );
}

async function readRejects({ staging, steps }: Made, session: EngineSession): Promise<Map<string, TestedReject[]>> {
  const found = new Map<string, TestedReject[]>();
  for (const step of steps.done.values()) {
    const uri = step.call.kind === 'validate' ? judgedUri(step) : undefined;
    if (uri !== undefined) found.set(step.call.name, await rejectsOf(await staging.read(uri), staging.root, session));
  }
  return found;
}

function judgedUri({ result, judged }: TestedStep): string | undefined {
  return result && 'dataset' in result ? result.dataset.uri : judged;
}

async function rejectsOf({ verdict }: Manifest, root: string, session: EngineSession): Promise<TestedReject[]> {
  if (verdict?.rejects === undefined) return [];
  const file = quoteFile(resolvePath(root, verdict.rejects));
  const rows = await session.rows<Pick<Rejected, 'line' | 'reasons' | 'row'>>(
    `SELECT line, '"' || reasons AS reasons, '"' || "row" AS "row" FROM read_parquet(${file}) ORDER BY source, line`,
  );
  return rows.map(({ line, reasons, row }) => ({
    line: Number(line),
    reasons: JSON.parse(reasons.slice(1)) as Reason[],
    row: parsed(row.slice(1)),
  }));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
