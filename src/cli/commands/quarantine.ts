import type { ResultOf } from '../../api/index.js';
import { count } from '../../dev/text-format.js';
import { columns } from '../columns.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';
import { describeReason } from '../run-text.js';
import { withOperations } from '../services.js';
import { shortTime } from '../short-time.js';

type Step = ResultOf<'listQuarantine'>['steps'][number];
type Rejected = NonNullable<Step['sample']>[number];

/**
 * Shows the rejected rows of a run: for each validate step the reasons with their counts, then examples.
 *
 * @throws TerminalError RUN_UNKNOWN
 */
export async function quarantine(context: CommandContext, run: string, { limit }: { readonly limit: number }): Promise<number> {
  const found = await withOperations(context, ({ listQuarantine }) => listQuarantine({ run, limit }), { withCatalogOnly: true });
  const { output } = context;
  output.data(found);
  if (found.steps.length === 0) output.text(`Run ${found.workflowId} rejected no rows.`);
  for (const step of found.steps) output.text(stepText(step));
  return EXIT.ok;
}

function stepText({ step, contract, rowsRead, rejected, reasons, replays, sample }: Step): string {
  const by = contract === null ? '' : ` by contract ${contract}`;
  const head = `${step}: ${count(rejected)} of ${count(rowsRead)} rows rejected${by}`;
  const why = columns(
    reasons.map((reason) => [count(reason.rows), describeReason(reason)]),
    0,
  );
  const back = replays.map(
    ({ target, rows, at, workflowId }) =>
      `${count(rows)} of them came back into ${target} on ${shortTime(at)} UTC by ${workflowId}\n`,
  );
  if (sample === null) return [head, why, ...back, 'The rows are gone from staging.\n'].join('\n');
  const hidden = rejected - sample.length;
  const more = hidden > 0 ? `  … ${count(hidden)} more; --limit shows more of them\n` : '';
  return [head, why, ...back, '', ...sample.flatMap(rowText), more].join('\n');
}

function rowText({ source, line, byte, reasons, row }: Rejected): string[] {
  return [
    `  ${source}:${line}${byte === null ? '' : ` (byte ${byte})`}`,
    ...reasons.map((reason) => {
      const value = reason['value'] ?? null;
      return `      ${describeReason(reason)}${value === null ? '' : `, got ${JSON.stringify(value)}`}`;
    }),
    `      ${typeof row === 'string' ? row : JSON.stringify(row)}`,
  ];
}
