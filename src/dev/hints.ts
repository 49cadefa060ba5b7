import type { DevTemporal } from './dev-temporal.js';
import type { DevPostgres } from './dev-postgres.js';
import type { PlannedRun } from './planned-runs.js';

export interface HintsInput {
  readonly plan: readonly Pick<PlannedRun, 'workflowId' | 'pipeline' | 'params'>[];
  readonly temporal: Pick<DevTemporal, 'cli' | 'addressOption'>;
  readonly databases: DevPostgres['databases'];
  readonly taskQueue: string;
  readonly serviceUrl: string;
}

/**
 * Commands to try while everything is up. Each stands alone in another terminal, which knows neither the port of a server that
 * could not have its usual one nor the databases: what it needs of them is in its line, and outlives it nowhere.
 */
export function hints({ plan, temporal, databases, taskQueue, serviceUrl }: HintsInput): string[] {
  const some = plan.at(-1);
  const list = temporal.cli('workflow list');
  const runs = `npx millrace runs${temporal.addressOption}`;
  if (!some) return [list, runs, `curl ${serviceUrl}/v1/pipelines`];
  const input = quoted(JSON.stringify(some.params));
  const variables = databases.map(({ variable, url }) => `${variable}=${quoted(url)} `).join('');
  return [
    temporal.cli(`workflow execute --type ${some.pipeline} --task-queue ${taskQueue} --workflow-id my-id --input ${input}`),
    temporal.cli(`workflow show --workflow-id ${some.workflowId}`),
    list,
    runs,
    `npx millrace show ${some.workflowId}${temporal.addressOption}`,
    `npx millrace quarantine ${some.workflowId}`,
    `${variables}npx millrace plan ${some.pipeline} --params ${input}`,
    `curl ${serviceUrl}/v1/runs`,
  ];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
