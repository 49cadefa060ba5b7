import type { Catalog } from '../catalog/index.js';
import type { MadeBy, Verdict } from '../core/manifest.js';
import type { DatasetStepResult, StepId, StepKind } from '../core/steps.js';
import { referenceTo, type StagedDataset } from '../engine/staging.js';

/** Tells the catalog of a dataset what its manifest tells of it alone: columns, parents, contract. */
export async function tellDataset(catalog: Catalog, { manifest, uri }: StagedDataset): Promise<void> {
  const { contract, createdAt } = manifest;
  await catalog.recordDataset(uri, manifest);
  if (contract?.definition === undefined) return;
  await catalog.recordContract({ name: contract.name, hash: contract.hash, definition: contract.definition, seenAt: createdAt });
}

/**
 * Tells the catalog of the step that made a dataset what the manifest tells of it: for a run whose history is gone. Its
 * parameters, its loads and what it only reused are not in manifests.
 */
export async function tellMaker(catalog: Catalog, staged: StagedDataset, madeBy: MadeBy): Promise<void> {
  const { workflowId, runId, attempt, startedAt, workerIdentity, pipeline, loadScope, namespace, partition } = madeBy;
  const step = madeBy.step as StepId;
  const kind = step.slice(0, step.indexOf(':')) as StepKind;
  const { manifest, uri } = staged;
  const run = { pipeline, loadScope, namespace, ...(partition !== undefined && { partition }) };
  const key = { workflowId, runId, step, attempt };
  await catalog.recordStepStarted({ ...key, kind, name: step.slice(kind.length + 1), startedAt, workerIdentity, run });
  const when = { ...key, startedAt, finishedAt: manifest.createdAt, run };
  if (madeBy.refused === true) {
    const rejected = manifest.verdict ? `${manifest.verdict.rejected} of ${manifest.verdict.rowsRead} rows` : 'rows';
    const message = `Contract "${manifest.contract?.name ?? ''}" rejected ${rejected} of "${manifest.name}", more than maxRejected.`;
    const judged = { dataset: uri, manifest };
    await catalog.recordStepFailed({ ...when, code: 'CONTRACT_BREACH', message, willRetry: false, judged });
    return;
  }
  const inputs = manifest.parents.map(({ name, uri: parent, content }) => ({ name, uri: parent, content }));
  await catalog.recordStepFinished({ ...when, result: resultOf(kind, staged), inputs, manifest });
}

function resultOf(kind: StepKind, staged: StagedDataset): DatasetStepResult {
  const dataset = referenceTo(staged);
  const { verdict } = staged.manifest;
  if (kind === 'extract') return { dataset, rowsRead: dataset.rows, reused: false };
  return verdict ? { dataset, ...countsOf(verdict), reused: false } : { dataset, reused: false };
}

function countsOf(verdict: Verdict) {
  const { rowsRead, rejected, judgedBySql, undecided, judgedByZod, reasons } = verdict;
  return { rowsRead, rejected, judgedBySql, undecided, judgedByZod, reasons: reasons.slice(0, 3) };
}
