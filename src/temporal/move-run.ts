import type { TemporalClient } from './connect.js';
import type { DeploymentVersion } from './describe-run.js';
import { formatRunAddress, type RunAddress } from './run-id.js';
import { answered } from './service-errors.js';

/** Temporal's number for an override that pins. */
const PINNED = 1;

/** Pins an open run to a version, from its next task on. Temporal does not look whether there is such a version. */
export async function pinRun(
  temporal: TemporalClient,
  run: Required<RunAddress>,
  { deployment, buildId }: DeploymentVersion,
  by: string,
): Promise<void> {
  const { client, namespace } = temporal;
  const version = { deploymentName: deployment, buildId };
  await answered(temporal, formatRunAddress(run), () =>
    client.workflowService.updateWorkflowExecutionOptions({
      namespace,
      workflowExecution: run,
      workflowExecutionOptions: { versioningOverride: { pinned: { behavior: PINNED, version } } },
      updateMask: { paths: ['versioning_override'] },
      identity: by,
    }),
  );
}
