import { isCancellation } from '@temporalio/workflow';
import type { BUILT_IN_PIPELINES } from '../src/config/built-in-pipelines.js';
import type { ConnectionConfig } from '../src/config/project.js';
import { addCounts, SWEEPS, type Swept, type SweepStepResult } from '../src/core/retention.js';
import { makePipeline } from './make-pipeline.js';
import { sweepCall } from './step-calls.js';

/** As a project that has nothing but connections. */
interface AnyProject {
  readonly connections: Readonly<Record<string, ConnectionConfig>>;
  readonly contracts: Readonly<Record<string, never>>;
  readonly transforms: Readonly<Record<string, never>>;
  readonly pipelines: typeof BUILT_IN_PIPELINES;
}

/** What housekeeping says in the end. */
export interface HousekeepingResult {
  readonly dryRun: boolean;
  /** How many of what it removed, or would. */
  readonly removed: Readonly<Record<string, number>>;
  /** Bytes of files. */
  readonly bytes: number;
  readonly sweeps: readonly Swept[];
}

/**
 * Removes what the config keeps no longer, one kind after the other: a kind that fails keeps none of the others from it, and
 * the run fails at the end.
 */
export const housekeeping = makePipeline<AnyProject, 'housekeeping', HousekeepingResult>(
  'housekeeping',
  async (run, { dryRun }, steps) => {
    const sweeps: Swept[] = [];
    const failures: unknown[] = [];
    for (const sweep of SWEEPS) {
      try {
        const { swept } = await steps.run<SweepStepResult>(sweepCall(sweep, dryRun));
        sweeps.push(swept);
      } catch (error) {
        if (isCancellation(error)) throw error;
        failures.push(error);
        run.log.error(`What is kept of ${sweep} could not be looked through.`);
      }
    }
    if (failures.length > 0) throw failures[0];
    const removed = sweeps.map((each) => each.removed).reduce(addCounts, {});
    return { dryRun, removed, bytes: sweeps.reduce((sum, { bytes }) => sum + bytes, 0), sweeps };
  },
);
