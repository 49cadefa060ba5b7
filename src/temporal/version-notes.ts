import { defaultPayloadConverter } from '@temporalio/client';
import type { TemporalClient } from './connect.js';
import type { DeploymentVersion } from './describe-run.js';
import { answered } from './service-errors.js';

/** What Millrace writes beside a version, in Temporal: the one that was current before it. */
const BEFORE = 'millrace.before';

/** Remembers with a version which one it took the place of. */
export async function noteVersionBefore(
  temporal: TemporalClient,
  { deployment, buildId }: DeploymentVersion,
  before: string,
  by: string,
): Promise<void> {
  const { client, namespace } = temporal;
  await answered(temporal, deployment, () =>
    client.workflowService.updateWorkerDeploymentVersionMetadata({
      namespace,
      deploymentVersion: { deploymentName: deployment, buildId },
      upsertEntries: { [BEFORE]: defaultPayloadConverter.toPayload(before) },
      identity: by,
    }),
  );
}

/** The version that was current before this one; `undefined` where Millrace has not made it current. */
export async function versionBefore(
  temporal: TemporalClient,
  { deployment, buildId }: DeploymentVersion,
): Promise<string | undefined> {
  const { client, namespace } = temporal;
  const { workerDeploymentVersionInfo: info } = await answered(temporal, deployment, () =>
    client.workflowService.describeWorkerDeploymentVersion({
      namespace,
      deploymentVersion: { deploymentName: deployment, buildId },
    }),
  );
  const note = info?.metadata?.entries?.[BEFORE];
  return note ? defaultPayloadConverter.fromPayload<string>(note) : undefined;
}
