import path from 'node:path';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { openCatalog, type Catalog } from '../../src/catalog/index.js';
import type { Answered } from '../../src/core/approvals.js';
import { answerApproval, type AnswerRequest } from '../../src/temporal/answer-approval.js';
import type { TemporalClient } from '../../src/temporal/connect.js';
import { lastingFolder } from '../support/folder.js';
import { writeOrders } from '../support/orders-file.js';
import { startProjectWorker, type ProjectWorker } from '../support/project-worker.js';
import { temporalAddress } from '../support/temporal.js';
import { until } from '../support/until.js';
import { stepIs } from './steered-project.js';

const APPROVALS = path.resolve(import.meta.dirname, '../fixtures/approvals');
export const WHO = { timeoutMs: 30_000 };

export type Handle = WorkflowHandleWithFirstExecutionRunId;

/** The project whose pipelines ask people, with a worker. */
export interface ApprovalScene {
  readonly worker: ProjectWorker;
  readonly catalog: Catalog;
  readonly temporal: TemporalClient;
  /** A run that asks, once it waits and the catalog knows. */
  readonly waiting: (question: Readonly<Record<string, unknown>>) => Promise<Handle>;
  /** Waits until the catalog knows of the approval of a run. */
  readonly known: (handle: Handle, runId?: string) => Promise<void>;
  readonly answer: (handle: Handle, by: string, given?: Partial<AnswerRequest>) => Promise<Answered>;
  readonly approvalOf: (handle: Handle) => ReturnType<Catalog['findApproval']>;
  readonly close: () => Promise<void>;
}

export async function openApprovals(): Promise<ApprovalScene> {
  const lake = lastingFolder();
  await writeOrders(lake, 'orders.csv', 5);
  const worker = await startProjectWorker(APPROVALS, lastingFolder(), { APPROVALS_LAKE: lake });
  const catalog = await openCatalog(worker.project.catalog);
  const address = await temporalAddress();
  const temporal = { client: worker.client, address, namespace: 'default', close: () => Promise.resolve() };
  const known: ApprovalScene['known'] = ({ workflowId, firstExecutionRunId }, runId = firstExecutionRunId) =>
    until(
      async () => (await catalog.findApproval({ workflowId, runId }, 'approve:publish')) !== undefined,
      () => `the catalog does not know what ${workflowId} asks`,
    );
  return {
    worker,
    catalog,
    temporal,
    known,
    async waiting(question) {
      const handle = await worker.start('asks', [{ title: 'Publish?', ...question }]);
      await stepIs(handle, 'approve:publish', 'waiting');
      await known(handle);
      return handle;
    },
    answer: ({ workflowId }, by, given = {}) =>
      answerApproval(temporal, { workflowId }, { ...WHO, verdict: 'approve', step: 'publish', by, ...given }),
    approvalOf: ({ workflowId, firstExecutionRunId: runId }) => catalog.findApproval({ workflowId, runId }, 'approve:publish'),
    async close() {
      await worker.stop();
      await catalog.close();
    },
  };
}
