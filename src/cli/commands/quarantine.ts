import type { QuarantineRow } from '../../catalog/index.js';
import { TerminalError } from '../../core/errors.js';
import { count } from '../../dev/text-format.js';
import { readExamples, readReplays, type Examples, type Replay } from '../../operations/rejected-sample.js';
import { parseRunAddress } from '../../temporal/run-id.js';
import { columns } from '../columns.js';
import { EXIT } from '../exit-codes.js';
import type { CommandContext } from '../command-context.js';
import { describeReason } from '../run-text.js';
import { withCatalog } from '../services.js';

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
