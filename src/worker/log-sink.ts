import type { InjectedSinks } from '@temporalio/worker';
import type { LogWriter } from '../catalog/index.js';
import type { RunLogSinks } from '../core/run-log.js';

/** Where `run.log` of a workflow arrives: it is kept as the run's log. A replay does not come here. */
export function runLogSinks(log: LogWriter): InjectedSinks<RunLogSinks> {
  return {
    runLog: {
      write: { fn: ({ workflowId, runId }, line) => log.write({ workflowId, runId, ...line }), callDuringReplay: false },
    },
  };
}
