import type { TemporalClient } from './connect.js';
import { descriptionOf, type RunDescription } from './describe-run.js';
import { payloadToJson } from './history-json.js';
import { formatRunAddress, type RunAddress } from './run-id.js';
import { answered } from './service-errors.js';

/** What Temporal keeps of a run beside its history. Payloads are as they are, in base64. */
export interface RunLabels {
  readonly memo: Readonly<Record<string, unknown>>;
  readonly searchAttributes: Readonly<Record<string, unknown>>;
}

/** A run with its memo and search attributes. @throws TerminalError RUN_UNKNOWN */
export async function describeWithLabels(
  temporal: TemporalClient,
  run: Required<RunAddress>,
): Promise<RunDescription & RunLabels> {
  const handle = temporal.client.workflow.getHandle(run.workflowId, run.runId);
  const description = await answered(temporal, formatRunAddress(run), () => handle.describe());
  const { workflowExecutionInfo: info } = description.raw;
  return {
    ...descriptionOf(run.workflowId, description),
    memo: asJson(info?.memo?.fields),
    searchAttributes: asJson(info?.searchAttributes?.indexedFields),
  };
}

function asJson(fields: Readonly<Record<string, object>> | null | undefined): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields ?? {}).map(([name, payload]) => [name, payloadToJson(payload)]));
}

/** How long the namespace keeps closed runs, in milliseconds; `undefined` where nobody may ask. */
export async function retentionOf({ client, namespace }: TemporalClient): Promise<number | undefined> {
  try {
    const { config } = await client.workflowService.describeNamespace({ namespace });
    const seconds = Number(config?.workflowExecutionRetentionTtl?.seconds?.toString() ?? 0);
    return seconds > 0 ? seconds * 1000 : undefined;
  } catch {
    return undefined;
  }
}
