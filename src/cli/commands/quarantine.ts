import type { Catalog, QuarantineRow } from '../../catalog/index.js';
import type { LoadedProject } from '../../config/load.js';
import { TerminalError } from '../../core/errors.js';
import { quoteFile } from '../../core/filter.js';
import type { Reason, Rejected } from '../../core/manifest.js';
import { count } from '../../dev/text-format.js';
import { openSession } from '../../engine/session.js';
import { openStaging } from '../../engine/open-staging.js';
import { placeRejects } from '../../engine/quarantine/place-rejects.js';
import { parseRunAddress } from '../../temporal/run-id.js';
import { columns } from '../columns.js';
import { EXIT } from '../exit-codes.js';
import type { CommandContext } from '../command-context.js';
import { describeReason } from '../run-text.js';
import { withCatalog } from '../services.js';

/** One rejected row as scripts read it. */
interface RejectedExample {
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
type Examples = readonly RejectedExample[] | null;

/**
 * Shows the rejected rows of a run: for each validate step the reasons with their counts, then examples.
 *
 * @throws TerminalError RUN_UNKNOWN
 */
export async function quarantine(
  { output, directory }: CommandContext,
  address: string,
  options: { readonly limit: number },
): Promise<number> {
  return withCatalog(directory, async (catalog, project) => {
    const wanted = parseRunAddress(address);
    const run = await catalog.findRun(wanted.workflowId, wanted.runId);
    if (!run) {
      throw new TerminalError(
        'RUN_UNKNOWN',
        `The catalog ${catalog.name} knows no run ${address}. List runs with \`millrace runs\`.`,
      );
    }
    const steps = await catalog.listQuarantine(run.workflowId, run.runId);
    const examples = await readExamples(project, steps, options.limit);
    const replays = await Promise.all(steps.map((step) => readReplays(catalog, step)));
    output.data({
      workflowId: run.workflowId,
      runId: run.runId,
      steps: steps.map((step, index) => ({ ...step, replays: replays[index], examples: examples[index] })),
    });
    if (steps.length === 0) output.text(`Run ${run.workflowId} rejected no rows.`);
    for (const [index, step] of steps.entries()) output.text(stepText(step, replays[index] ?? [], examples[index] ?? null));
    return EXIT.ok;
  });
}

async function readExamples(project: LoadedProject, steps: readonly QuarantineRow[], limit: number): Promise<Examples[]> {
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

/** Rows that came back, by one load. */
interface Replay {
  readonly target: string;
  readonly rows: number;
  readonly at: string;
  readonly workflowId: string;
  readonly runId: string;
}

/** What was added since to the loads that the rejected rows would have been part of. */
async function readReplays(catalog: Catalog, step: QuarantineRow): Promise<Replay[]> {
  const replays: Replay[] = [];
  for (const { inputs, result } of await catalog.listSteps(step.workflowId, step.runId)) {
    const isLoad = result !== null && 'load' in result && inputs.some(({ uri }) => uri === step.datasetUri);
    if (!isLoad) continue;
    for (const { target, rows, loadedAt, workflowId, runId } of await catalog.listAdditions(result.load.loadId))
      replays.push({ target, rows, at: loadedAt, workflowId, runId });
  }
  return replays;
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

function stepText(step: QuarantineRow, replays: readonly Replay[], examples: Examples): string {
  const contract = step.contract === null ? '' : ` by contract ${step.contract}`;
  const head = `${step.step}: ${count(step.rows)} of ${count(step.rowsRead)} rows rejected${contract}`;
  const reasons = columns(
    step.reasons.map((reason) => [count(reason.rows), describeReason(reason)]),
    0,
  );
  const back = replays.map(
    ({ target, rows, at, workflowId }) =>
      `${count(rows)} of them came back into ${target} on ${at.slice(0, 16).replace('T', ' ')} UTC by ${workflowId}\n`,
  );
  if (examples === null) return [head, reasons, ...back, `The rows are gone from staging (${step.rejects}).\n`].join('\n');
  const lines = examples.flatMap((example) => [
    `  ${example.source}:${example.line}${example.byte === null ? '' : ` (byte ${example.byte})`}`,
    ...example.reasons.map(
      (reason) => `      ${describeReason(reason)}${reason.value === null ? '' : `, got ${JSON.stringify(reason.value)}`}`,
    ),
    `      ${typeof example.row === 'string' ? example.row : JSON.stringify(example.row)}`,
  ]);
  const more = step.rows > examples.length ? `  … ${count(step.rows - examples.length)} more; --limit shows more of them\n` : '';
  return [head, reasons, ...back, '', ...lines, more].join('\n');
}
