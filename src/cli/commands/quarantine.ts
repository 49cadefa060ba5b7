import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { QuarantineRow } from '../../catalog/index.js';
import type { LoadedProject } from '../../config/load.js';
import { TerminalError } from '../../core/errors.js';
import { quoteFile } from '../../core/filter.js';
import type { Reason, Rejected } from '../../core/manifest.js';
import { count } from '../../dev/text-format.js';
import type { Session } from '../../connectors/contract.js';
import { openSession } from '../../engine/session.js';
import { openStaging } from '../../engine/open-staging.js';
import type { Staging } from '../../engine/staging.js';
import { parseRunAddress } from '../../temporal/run-id.js';
import { columns } from '../columns.js';
import { EXIT } from '../exit-codes.js';
import type { CommandContext } from '../command-context.js';
import { describeReason } from '../run-view.js';
import { withCatalog } from '../services.js';

/** One rejected row as scripts read it. */
interface RejectedExample {
  /** The source file, with the line in it. */
  readonly source: string;
  readonly line: number;
  /** Where a malformed line begins. */
  readonly byte: number | null;
  readonly reasons: readonly Reason[];
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
    output.data({
      workflowId: run.workflowId,
      runId: run.runId,
      steps: steps.map((step, index) => ({ ...step, examples: examples[index] })),
    });
    if (steps.length === 0) output.text(`Run ${run.workflowId} rejected no rows.`);
    for (const [index, step] of steps.entries()) output.text(stepText(step, examples[index] ?? null));
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

/** Where the session reads a file of rejected rows; `undefined` when it is gone. */
async function placeRejects({ root, remote }: Staging, session: Session, rejects: string): Promise<string | undefined> {
  if (!remote) {
    const file = resolve(root, rejects);
    return existsSync(file) ? file : undefined;
  }
  const signal = new AbortController().signal;
  try {
    // Not in place, so that one that is gone is known before it is read.
    return await remote.place({ path: rejects, format: 'csv', bytes: 0, fingerprint: '' }, { session, signal });
  } catch (error) {
    if (error instanceof TerminalError && error.code === 'STAGING_MISSING') return undefined;
    throw error;
  }
}

function toExample(rejected: Rejected): RejectedExample {
  return {
    source: rejected.source,
    line: Number(rejected.line),
    byte: rejected.byte === null ? null : Number(rejected.byte),
    reasons: JSON.parse(rejected.reasons) as Reason[],
    row: parseRow(rejected.row),
  };
}

function parseRow(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function stepText(step: QuarantineRow, examples: Examples): string {
  const contract = step.contract === null ? '' : ` by contract ${step.contract}`;
  const head = `${step.step}: ${count(step.rows)} of ${count(step.rowsRead)} rows rejected${contract}`;
  const reasons = columns(
    step.reasons.map((reason) => [count(reason.rows), describeReason(reason)]),
    0,
  );
  if (examples === null) return [head, reasons, `The rows are gone from staging (${step.rejects}).\n`].join('\n');
  const lines = examples.flatMap((example) => [
    `  ${example.source}:${example.line}${example.byte === null ? '' : ` (byte ${example.byte})`}`,
    ...example.reasons.map(
      (reason) => `      ${describeReason(reason)}${reason.value === null ? '' : `, got ${JSON.stringify(reason.value)}`}`,
    ),
    `      ${typeof example.row === 'string' ? example.row : JSON.stringify(example.row)}`,
  ]);
  const more = step.rows > examples.length ? `  … ${count(step.rows - examples.length)} more; --limit shows more of them\n` : '';
  return [head, reasons, '', ...lines, more].join('\n');
}
