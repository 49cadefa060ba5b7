import type { Operations, ResultOf } from '../../api/index.js';
import type { CommandContext } from '../command-context.js';
import { agree } from '../agree.js';
import { EXIT } from '../exit-codes.js';
import { withOperations } from '../services.js';

export interface ApplyOptions {
  readonly dryRun?: true;
  readonly yes?: true;
}

type Change = ResultOf<'applySchedules'>['changes'][number] & { readonly what: 'schedule' | 'trigger' };
interface Applied {
  readonly applied: boolean;
  readonly changes: readonly Change[];
}

/**
 * Makes the schedules and triggers in Temporal those of the config, after showing what that changes.
 *
 * @throws TerminalError COMMAND_INVALID when schedules would be removed and nobody has agreed to it
 */
export async function apply(context: CommandContext, options: ApplyOptions): Promise<number> {
  const { output } = context;
  return withOperations(context, async (operations) => {
    const plan = await applyAll(operations, true);
    const isUnchanged = plan.changes.every(({ change }) => change === 'unchanged' || change === 'refused');
    const isDone = options.dryRun === true || isUnchanged;
    for (const change of plan.changes) output.text(changeText(change));
    if (plan.changes.length === 0)
      output.text('No schedules and no triggers: neither does the config have any, nor Temporal of this project.');
    if (!isDone) await agreeToRemoval(plan.changes, options.yes === true);
    const result = isDone ? plan : await applyAll(operations, false);
    output.data({ ...result, changes: result.changes.map(({ what: _what, ...change }) => change) });
    if (plan.changes.length > 0) output.text(summary(result.changes, result.applied, options.dryRun === true));
    return result.changes.some(({ change }) => change === 'refused') ? EXIT.failed : EXIT.ok;
  });
}

async function applyAll({ applySchedules, applyTriggers }: Operations, dryRun: boolean): Promise<Applied> {
  const schedules = await applySchedules({ dryRun });
  const triggers = await applyTriggers({ dryRun });
  return {
    applied: schedules.applied,
    changes: [
      ...schedules.changes.map((change) => ({ ...change, what: 'schedule' as const })),
      ...triggers.changes.map((change) => ({ ...change, what: 'trigger' as const })),
    ],
  };
}

/** What changes are about: `Schedules`, `Triggers`, or both. */
function subjectOf(changes: readonly Change[]): string {
  const kinds = new Set(changes.map(({ what }) => what));
  if (kinds.size > 1) return 'Schedules and triggers';
  return kinds.has('trigger') ? 'Triggers' : 'Schedules';
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
  const told = dryRun && !applied ? 'Nothing was done; it would be' : subjectOf(changes);
  return `${told}: ${words.join(', ')}.`;
}

async function agreeToRemoval(changes: readonly Change[], yes: boolean): Promise<void> {
  const removed = changes.filter(({ change }) => change === 'removed');
  if (removed.length === 0) return;
  const subject = removed.length === 1 ? (removed[0]?.what ?? '') : subjectOf(removed).toLowerCase();
  await agree(`This removes the ${subject} of ${removed.map(({ pipeline }) => pipeline).join(', ')}`, yes);
}
