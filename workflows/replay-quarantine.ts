import type { BUILT_IN_PIPELINES } from '../src/config/built-in-pipelines.js';
import type { ConnectionConfig } from '../src/config/project.js';
import type { DatasetStepResult, LoadStepResult, QuarantineStepResult } from '../src/core/steps.js';
import { makePipeline } from './make-pipeline.js';
import { additionCall, quarantineCall, validateCall } from './step-calls.js';

/** As a project that has nothing but connections. */
interface AnyProject {
  readonly connections: Readonly<Record<string, ConnectionConfig>>;
  readonly contracts: Readonly<Record<string, never>>;
  readonly transforms: Readonly<Record<string, never>>;
  readonly pipelines: typeof BUILT_IN_PIPELINES;
}

/** What a replay says in the end. */
export interface ReplayResult {
  /** Rows that were judged again. */
  readonly judged: number;
  /** Rows that pass now. */
  readonly accepted: number;
  /** Rows that were rejected again, and are in this run's quarantine. */
  readonly rejected: number;
  /** Rows that were left alone: they came back before, or their line was malformed. */
  readonly skipped: number;
  /** What each target got. Fewer rows than were accepted, where another replay was faster. */
  readonly loads: readonly { readonly target: string; readonly rows: number; readonly leftOut?: number }[];
}

/**
 * Judges the rejected rows of a run's step again, by today's contract, and adds those that pass to the loads that they were
 * missing from.
 */
export const replayQuarantine = makePipeline<AnyProject, 'replayQuarantine', ReplayResult>(
  'replayQuarantine',
  async (run, params, steps) => {
    const { edited, ...of } = params;
    const name = of.step.replace(/^validate:/, '');
    const input = { of, ...(edited !== undefined && { edited }) };
    const back = await steps.run<QuarantineStepResult>(quarantineCall(name, input));
    const judged = back.dataset.rows ?? 0;
    const nothing = { judged, accepted: 0, rejected: 0, skipped: back.skipped, loads: [] };
    if (judged === 0) {
      run.log.info('No row is left to be judged again.', { skipped: back.skipped });
      return nothing;
    }
    const { dataset, rejected = 0 } = await steps.run<DatasetStepResult>(validateCall(back.dataset, back.contract, { as: name }));
    const accepted = judged - rejected;
    if (accepted === 0) return { ...nothing, rejected };
    const loads: ReplayResult['loads'][number][] = [];
    for (const planned of back.loads) {
      const { load } = await steps.run<LoadStepResult>(additionCall(dataset, planned));
      loads.push({ target: load.target, rows: load.rows, ...(load.leftOut !== undefined && { leftOut: load.leftOut }) });
    }
    return { judged, accepted, rejected, skipped: back.skipped, loads };
  },
);
