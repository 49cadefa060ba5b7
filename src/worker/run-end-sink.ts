import { setTimeout as sleep } from 'node:timers/promises';
import type { InjectedSinks, Logger } from '@temporalio/worker';
import { runScope } from '../../activities/run-scope.js';
import type { Catalog, RunKey } from '../catalog/index.js';
import type { LeftWorks } from '../connectors/left-work.js';
import type { RunEnding, RunEndSinks } from '../core/admission.js';
import { messageOf } from '../core/errors.js';

/** The run's last task waits no longer for the catalog: by then the write goes on beside it. */
const LONGEST_WAIT_MS = 2_000;

interface RunEndServices {
  readonly catalog: Catalog;
  readonly leftWorks: LeftWorks;
  readonly logger: Logger;
}

/**
 * Where a run tells of its end, just before it ends: so whoever sees the run ended finds that in the catalog too. An end
 * that the catalog does not take now, the reconciler brings to it.
 */
export function runEndSink({ catalog, leftWorks, logger }: RunEndServices): InjectedSinks<RunEndSinks> {
  async function record(
    { namespace, workflowId, runId }: RunKey & { readonly namespace: string },
    { run, ...ending }: RunEnding,
  ): Promise<void> {
    try {
      await leftWorks.dropOwner(runId);
      await catalog.recordRunFinished({ workflowId, runId, ...ending, run: runScope(run, namespace) });
    } catch (error) {
      logger.warn(`The catalog did not take the end of run ${workflowId}; it will be told later: ${messageOf(error)}`);
    }
  }
  return {
    runEnd: {
      tell: {
        async fn(info, ending) {
          const late = new AbortController();
          const tooLate = sleep(LONGEST_WAIT_MS, undefined, { signal: late.signal }).catch(() => undefined);
          await Promise.race([record(info, ending), tooLate]);
          late.abort();
        },
        callDuringReplay: false,
      },
    },
  };
}
