import type { ResultOf } from '../../api/index.js';
import type { CommandContext } from '../command-context.js';
import { agree } from '../agree.js';
import { EXIT } from '../exit-codes.js';
import { withOperations } from '../services.js';

export interface ApplyOptions {
  readonly dryRun?: true;
  readonly yes?: true;
}

type Change = ResultOf<'applySchedules'>['changes'][number];

/**
 * Makes the schedules in Temporal those of the config, after showing what that changes.
 *
 * @throws TerminalError COMMAND_INVALID when schedules would be removed and nobody has agreed to it
 */
export async function apply(context: CommandContext, options: ApplyOptions): Promise<number> {
  const { output } = context;
  return withOperations(context, async ({ applySchedules }) => {
    const plan = await applySchedules({ dryRun: true });
    const isUnchanged = plan.changes.every(({ change }) => change === 'unchanged' || change === 'refused');
    const isDone = options.dryRun === true || isUnchanged;
    for (const change of plan.changes) output.text(changeText(change));
    if (plan.changes.length === 0) output.text('No schedules: neither does the config have any, nor Temporal of this project.');
    if (!isDone) await agreeToRemoval(plan.changes, options.yes === true);
    const result = isDone ? plan : await applySchedules({ dryRun: false });
    output.data(result);
    if (plan.changes.length > 0) output.text(summary(result.changes, result.applied, options.dryRun === true));
    return result.changes.some(({ change }) => change === 'refused') ? EXIT.failed : EXIT.ok;
  });
}

const SIGNS: Readonly<Record<Change['change'], string>> = {
  created: '+',
  changed: '~',
  removed: '-',
  unchanged: '=',
  refused: '!',
};

function changeText({ pipeline, change, times, differences, note }: Change): string {
  const head = `${SIGNS[change]} ${pipeline}  ${times}${note === null ? '' : `  (${note})`}`;
  return [head, ...differences.map(({ field, before, after }) => `    ${field}: ${before} → ${after}`)].join('\n');
}

function summary(changes: readonly Change[], applied: boolean, dryRun: boolean): string {
  const count = (wanted: Change['change']): number => changes.filter(({ change }) => change === wanted).length;
  const words = (['created', 'changed', 'removed', 'unchanged', 'refused'] as const)
    .filter((wanted) => count(wanted) > 0)
    .map((wanted) => `${count(wanted)} ${wanted}`);
  const told = dryRun && !applied ? 'Nothing was done; it would be' : 'Schedules';
  return `${told}: ${words.join(', ')}.`;
}

async function agreeToRemoval(changes: readonly Change[], yes: boolean): Promise<void> {
  const removed = changes.filter(({ change }) => change === 'removed').map(({ pipeline }) => pipeline);
  if (removed.length === 0) return;
  await agree(`This removes the schedule${removed.length === 1 ? '' : 's'} of ${removed.join(', ')}`, yes);
}
