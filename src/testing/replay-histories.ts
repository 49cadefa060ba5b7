import path from 'node:path';
import type { InjectedSinks } from '@temporalio/worker';
import { loadProject, type LoadedProject } from '../config/load.js';
import type { RunEndSinks } from '../core/admission.js';
import { TerminalError } from '../core/errors.js';
import { suggestName } from '../core/near-name.js';
import type { RunLogSinks } from '../core/run-log.js';
import type { SteeringSinks } from '../core/steering.js';
import { readHistories, type RecordedHistory } from './recorded-histories.js';

export interface ReplayOptions {
  /** A folder of histories (`*.json`), one file, or several. They are as `temporal workflow show --output json` writes them. */
  readonly histories: string | readonly string[];
  /** The project's folder, or a build's. @default the current one */
  readonly directory?: string;
}

/** A history that today's code follows. */
export interface ReplayedHistory {
  readonly file: string;
  readonly workflowId: string;
  readonly pipeline: string;
  readonly events: number;
}

/**
 * Replays recorded histories with today's code, in the bundle that workers use. It proves that runs which are open can go on with
 * this code: the pipeline asks for the same steps, under the same names, in the same order. No step is done, and no server needed.
 *
 * @example await replayHistories({ histories: 'test/histories' });
 * @throws TerminalError REPLAY_FAILED naming each history that breaks, the event, and the step; TEST_DATA_MISSING,
 * TEST_DATA_INVALID for files that are none; what is wrong with the project
 */
export async function replayHistories({
  histories,
  directory = process.cwd(),
}: ReplayOptions): Promise<readonly ReplayedHistory[]> {
  const recorded = await readHistories(histories);
  const project = await loadProject(path.resolve(directory));
  const problems = await problemsOf(project, recorded);
  if (problems.length > 0) {
    const lines = problems.map((problem) => `  - ${problem.replaceAll('\n', '\n    ')}`);
    throw new TerminalError(
      'REPLAY_FAILED',
      `${problems.length} of ${recorded.length} histories do not replay with today's code:\n${lines.join('\n')}\nA run that is open would not go on. Guard the change with patched() of @temporalio/workflow, or give such runs a worker with the code they began with until they have ended.`,
      { histories: recorded.length, broken: problems.length },
    );
  }
  return recorded.map(({ file, workflowId, pipeline, events }) => ({
    file,
    workflowId,
    pipeline,
    events: events.length,
  }));
}

async function problemsOf(project: LoadedProject, recorded: readonly RecordedHistory[]): Promise<string[]> {
  // Temporal's worker is large: who tests contracts does not load it.
  const [{ Worker }, { bundleOf }] = await Promise.all([import('@temporalio/worker'), import('../worker/bundle.js')]);
  const known = Object.keys(project.pipelines);
  const unknown = recorded.filter(({ pipeline }) => !known.includes(pipeline));
  const told = unknown.map(
    (each) => `${placeOf(each)}: there is no pipeline "${each.pipeline}" any more. ${suggestName(each.pipeline, known)}`,
  );
  const others = recorded.filter((each) => !unknown.includes(each));
  if (others.length === 0) return told;
  const options = { workflowBundle: await bundleOf(project), sinks: DEAF, replayName: 'millrace-testing' };
  // One after the other, in the order in which they are given.
  const results = Worker.runReplayHistories(options, others);
  let at = 0;
  for await (const { error } of results) {
    const history = others[at++];
    if (error && history) told.push(`${placeOf(history)}: ${explain(error.message, history)}`);
  }
  return told;
}

const ignored = { fn: () => undefined, callDuringReplay: false };

/** What a run tells by the way was told when it ran. */
const DEAF: InjectedSinks<RunLogSinks & RunEndSinks & SteeringSinks> = {
  runLog: { write: ignored },
  runEnd: { tell: ignored },
  steering: { decided: ignored, holds: ignored, skipped: ignored },
};

function placeOf({ file, workflowId }: RecordedHistory): string {
  return `${path.relative(process.cwd(), file)} (${workflowId})`;
}

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
  const step = events.filter(({ eventId }) => eventId === id).map(idOf)[0];
  return `${id === undefined ? '' : `at event ${id}${step === undefined ? '' : ` (${step})`}: `}${details}`;
}
