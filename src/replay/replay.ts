import type { InjectedSinks, WorkflowBundleOption } from '@temporalio/worker';
import type { LoadedProject } from '../config/load.js';
import type { RunEndSinks } from '../core/admission.js';
import type { ApprovalSinks } from '../core/approvals.js';
import { suggestName } from '../core/near-name.js';
import type { PoolSinks } from '../core/pools.js';
import type { RunLogSinks } from '../core/run-log.js';
import type { SteeringSinks } from '../core/steering.js';
import type { RecordedHistory } from './recorded-histories.js';

/** What became of one history. */
export interface Replayed {
  readonly history: RecordedHistory;
  /** What the run did and this code would not do, and where; `null` when it follows the history. */
  readonly problem: string | null;
}

/**
 * Replays histories with a project's code, in the bundle that workers use: no step is done, and no server needed.
 *
 * @param bundle of the project @default the build's, or bundled anew
 */
export async function replayAll(
  project: LoadedProject,
  histories: readonly RecordedHistory[],
  bundle?: WorkflowBundleOption,
): Promise<readonly Replayed[]> {
  // Temporal's worker is large: who tests contracts does not load it.
  const [{ Worker }, { bundleOf, LONG_LIVED_TYPES }] = await Promise.all([
    import('@temporalio/worker'),
    import('../worker/bundle.js'),
  ]);
  const known = Object.keys(project.pipelines);
  const isKnown = ({ pipeline }: RecordedHistory): boolean => known.includes(pipeline) || LONG_LIVED_TYPES.includes(pipeline);
  const others = histories.filter(isKnown);
  const problems = new Map<RecordedHistory, string>();
  for (const history of histories.filter((each) => !isKnown(each))) {
    problems.set(history, `there is no pipeline "${history.pipeline}" any more. ${suggestName(history.pipeline, known)}`);
  }
  if (others.length > 0) {
    const options = { workflowBundle: bundle ?? (await bundleOf(project)), sinks: DEAF, replayName: 'millrace-testing' };
    // One after the other, in the order in which they are given.
    let at = 0;
    for await (const { error } of Worker.runReplayHistories(options, others)) {
      const history = others[at++];
      if (error && history) problems.set(history, explain(error.message, history));
    }
  }
  return histories.map((history) => ({ history, problem: problems.get(history) ?? null }));
}

const ignored = { fn: () => undefined, callDuringReplay: false };

/** What a run tells by the way was told when it ran. */
const DEAF: InjectedSinks<ApprovalSinks & PoolSinks & RunLogSinks & RunEndSinks & SteeringSinks> = {
  approvals: { changed: ignored },
  pool: { tell: ignored },
  runLog: { write: ignored },
  runEnd: { tell: ignored },
  steering: { decided: ignored, holds: ignored, skipped: ignored },
};

/** What the replay found, by the event and the step where they show: a step's activity has the step's name as its id. */
function explain(message: string, { events }: RecordedHistory): string {
  const quoted = /message: "((?:[^"\\]|\\.)*)"/.exec(message)?.[1];
  const details = (quoted ?? message.replace(/^.*?Details: /s, '')).replace(/^\[TMPRL\d+\] (?:Nondeterminism error: )?/, '');
  const [, did, does] = /scheduled event '([^']+)' does not match .* command '([^']+)'/.exec(details) ?? [];
  const idOf = ({ activityTaskScheduledEventAttributes: scheduled }: RecordedHistory['events'][number]) => scheduled?.activityId;
  if (did !== undefined && does !== undefined) {
    const event = events.find((each) => idOf(each) === did);
    const at = event === undefined ? '' : `at event ${String(event.eventId)} `;
    return `${at}the run did ${did}, and today's code would do ${does}.`;
  }
  const id = /id: (\d+)/.exec(details)?.[1];
  const step = events.filter(({ eventId }) => String(eventId) === id).map(idOf)[0];
  return `${id === undefined ? '' : `at event ${id}${step === undefined ? '' : ` (${step})`}: `}${details}`;
}
