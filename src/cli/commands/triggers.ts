import type { ResultOf } from '../../api/index.js';
import { plainTable } from '../../dev/text-format.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';
import { listPages } from '../list-pages.js';
import { noWorker } from '../outcome.js';
import { withOperations } from '../services.js';
import { shortTime } from '../short-time.js';

export interface EvaluationOptions {
  readonly partition?: string;
  readonly outcome?: Evaluation['outcome'];
  readonly limit: number;
}

type Trigger = ResultOf<'pauseTrigger'>;
type Evaluation = NonNullable<Trigger['last']>;

export async function list(context: CommandContext): Promise<number> {
  const { output } = context;
  const { items } = await withOperations(context, ({ listTriggers }) => listTriggers({}));
  for (const trigger of items) output.data(trigger);
  if (items.length === 0) output.text('No triggers. Give a pipeline `triggers` in the config, then run: millrace apply');
  else output.text(plainTable(['pipeline', 'state', 'when', 'last (UTC)', 'came to'], items.map(cells), 5));
  if (items.some(({ state }) => state === 'not applied' || state === 'not in the config')) {
    output.warn('Temporal does not have what the config says. Look at the difference with: millrace apply --dry-run');
  }
  return EXIT.ok;
}

function cells({ pipeline, state, when, last }: Trigger): string[] {
  return [pipeline, state, when.join('; '), shortTime(last?.at ?? null), last?.outcome ?? ''];
}

/** @throws TerminalError PIPELINE_UNKNOWN, TRIGGER_UNKNOWN */
export async function show(context: CommandContext, pipeline: string): Promise<number> {
  const { output } = context;
  const detail = await withOperations(context, ({ getTrigger }) => getTrigger({ pipeline }));
  output.data(detail);
  const { state, when, note, differences, waiting, evaluations } = detail;
  output.text(`${pipeline}  ${state}  ${when.join('; ')}${note === null ? '' : `\n${note}`}`);
  for (const { field, before, after } of differences) output.text(`  to apply: ${field}: ${before} → ${after}`);
  if (waiting.length > 0) {
    const rows = waiting.map(({ partition, kind, at, reason }) => [partition ?? '', kind, shortTime(at), reason ?? '']);
    output.text(`\nWhat waits:\n${plainTable(['partition', 'by', 'since (UTC)', 'for'], rows, 4)}`);
  }
  if (evaluations.length > 0) output.text(`\n${evaluationTable(evaluations)}`);
  return EXIT.ok;
}

/** @throws TerminalError PIPELINE_UNKNOWN */
export async function why(context: CommandContext, pipeline: string, options: EvaluationOptions): Promise<number> {
  const { output } = context;
  const { partition, outcome, limit } = options;
  const found = await withOperations(context, ({ listTriggerEvaluations }) =>
    listPages((page) => listTriggerEvaluations({ pipeline, partition, outcome, ...page }), limit),
  );
  for (const evaluation of found) output.data(evaluation);
  const whose = `${pipeline}${partition === undefined ? '' : ` for ${partition}`}`;
  if (found.length === 0) {
    output.text(
      `Nothing that could start ${whose} has come yet. Whether its triggers work, millrace triggers show ${pipeline} tells.`,
    );
  } else output.text(evaluationTable(found));
  return EXIT.ok;
}

function evaluationTable(evaluations: readonly Evaluation[]): string {
  const rows = evaluations.map(({ at, partition, kind, outcome, times, reason, workflowId, inputs }) => [
    shortTime(at),
    partition ?? '',
    kind,
    times > 1 ? `${outcome} (${times} times)` : outcome,
    reason ?? workflowId ?? '',
    inputs.join(', '),
  ]);
  return plainTable(['time (UTC)', 'partition', 'by', 'came to', 'reason or run', 'given'], rows, 6);
}

/** @throws TerminalError PIPELINE_UNKNOWN, TRIGGER_UNKNOWN */
export async function pause(
  context: CommandContext,
  pipeline: string,
  { reason }: { readonly reason?: string },
): Promise<number> {
  return tellState(context, await withOperations(context, ({ pauseTrigger }) => pauseTrigger({ pipeline, reason })));
}

/** @throws TerminalError PIPELINE_UNKNOWN, TRIGGER_UNKNOWN */
export async function resume(context: CommandContext, pipeline: string): Promise<number> {
  return tellState(context, await withOperations(context, ({ resumeTrigger }) => resumeTrigger({ pipeline })));
}

function tellState({ output }: CommandContext, trigger: Trigger): number {
  output.data(trigger);
  const { pipeline, state, note } = trigger;
  output.text(`The triggers of ${pipeline} are ${state}${note === null ? '' : ` (${note})`}.`);
  return EXIT.ok;
}

/** @throws TerminalError PIPELINE_UNKNOWN, TRIGGER_UNKNOWN */
export async function evaluate(context: CommandContext, pipeline: string): Promise<number> {
  const { output } = context;
  const result = await withOperations(context, ({ evaluateTrigger }) => evaluateTrigger({ pipeline }));
  output.data(result);
  output.text(`The triggers of ${pipeline} look now.`);
  if (!result.worker) output.warn(noWorker(result.id.split('/').slice(1, -1).join('/')));
  output.text(`Look at what they decide with: millrace triggers why ${pipeline}`);
  return EXIT.ok;
}
