import type { Catalog, QuarantineRow } from '../catalog/index.js';
import type { LoadedProject } from '../config/load.js';
import { quoteFile } from '../core/filter.js';
import type { Reason, Rejected } from '../core/manifest.js';
import { openStaging } from '../engine/open-staging.js';
import { placeRejects } from '../engine/quarantine/place-rejects.js';
import { openSession } from '../engine/session.js';

/** One rejected row as scripts read it. */
export interface RejectedExample {
  /** The source file, with the line in it. */
  readonly source: string;
  readonly line: number;
  /** Where a malformed line begins. */
  readonly byte: number | null;
  readonly reasons: readonly Reason[];
  /** Its number in the quarantine, by which an exported row is known. */
  readonly number: number | null;
  /** The row's values, shortened; the text of the line when it was malformed. */
  readonly row: unknown;
}

/** `null` where the file is gone from staging. */
export type Examples = readonly RejectedExample[] | null;

/** The first rejected rows of each step, in order of their source. */
export async function readExamples(project: LoadedProject, steps: readonly QuarantineRow[], limit: number): Promise<Examples[]> {
  if (steps.length === 0) return [];
  const staging = openStaging(project.staging, project.engine.spillDirectory);
  const session = await openSession(project.engine, new AbortController().signal);
  try {
    const found: Examples[] = [];
    for (const step of steps) {
      const file = await placeRejects(staging, session, step.rejects);
      if (file === undefined) found.push(null);
      else {
        const rows = await session.rows<Rejected>(
          `SELECT * FROM read_parquet(${quoteFile(file)}) ORDER BY source, line LIMIT ${limit}`,
        );
        found.push(rows.map(toExample));
      }
    }
    return found;
  } finally {
    session.close();
    await staging.close();
  }
}

function toExample(rejected: Rejected): RejectedExample {
  return {
    source: rejected.source,
    line: Number(rejected.line),
    byte: rejected.byte === null ? null : Number(rejected.byte),
    reasons: JSON.parse(rejected.reasons) as Reason[],
    number: rejected.number === undefined ? null : Number(rejected.number),
    row: parseRow(rejected.row),
  };
}

/** A value is shown so far. */
const SHOWN = 200;

function parseRow(text: string): unknown {
  const cut = (value: string): string => (value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value);
  try {
    const row = JSON.parse(text) as Readonly<Record<string, string | null>>;
    return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === null ? null : cut(value)]));
  } catch {
    return cut(text);
  }
}

/** Rows that came back, by one load. */
export interface Replay {
  readonly target: string;
  readonly rows: number;
  readonly at: string;
  readonly workflowId: string;
  readonly runId: string;
}

/** What was added since to the loads that the rejected rows would have been part of. */
export async function readReplays(catalog: Catalog, step: QuarantineRow): Promise<Replay[]> {
  const replays: Replay[] = [];
  for (const { inputs, result } of await catalog.listSteps(step.workflowId, step.runId)) {
    const isLoad = result !== null && 'load' in result && inputs.some(({ uri }) => uri === step.datasetUri);
    if (!isLoad) continue;
    for (const { target, rows, loadedAt, workflowId, runId } of await catalog.listAdditions(result.load.loadId))
      replays.push({ target, rows, at: loadedAt, workflowId, runId });
  }
  return replays;
}
