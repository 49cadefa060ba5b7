import type { RunStarted, StepFailed, StepFinished, StepStarted } from '../../src/catalog/index.js';
import type { LoadResult } from '../../src/core/load.js';
import type { Manifest } from '../../src/core/manifest.js';

export const RUN = { workflowId: 'flightDelays/2001-01', runId: 'run-1' } as const;
const SCOPE = {
  pipeline: 'flightDelays',
  partition: '2001-01',
  loadScope: 'flightDelays/2001-01/run-1/0',
  namespace: 'default',
};

/** A time of the sample day, `at(5)` being five seconds after its start. */
export function at(second: number): string {
  return new Date(Date.UTC(2026, 10, 1) + second * 1000).toISOString();
}

export function runStarted(changes: Partial<RunStarted> = {}): RunStarted {
  return {
    ...RUN,
    ...SCOPE,
    firstRunId: 'run-1',
    params: { month: '2001-01' },
    owner: 'data@example.com',
    startedAt: at(0),
    taskQueue: 'millrace',
    workerIdentity: 'worker-a',
    ...changes,
  };
}

export function manifest(changes: Partial<Manifest> = {}): Manifest {
  return {
    version: 1,
    name: 'flights',
    key: 'k'.repeat(64),
    content: 'c'.repeat(64),
    createdAt: at(1),
    rows: 97,
    bytes: 1000,
    columns: [{ name: 'delay', type: 'BIGINT', nullable: false }],
    schema: 's'.repeat(16),
    contract: { name: 'Flight', hash: 'h1' },
    parents: [{ name: 'flights', uri: 'extract/manifest.json', content: 'e'.repeat(64) }],
    reproducible: true,
    parts: [],
    verdict: {
      rowsRead: 100,
      accepted: 97,
      rejected: 3,
      judgedBySql: 100,
      undecided: 0,
      judgedByZod: 0,
      rejects: 'validate/rejects.parquet',
      reasons: [
        { code: 'too_small', path: 'delay', message: 'expected >=-120', rows: 2 },
        { code: 'row_rule', path: '', message: 'goes somewhere', rows: 1 },
      ],
    },
    engine: 'duckdb 1.5.5',
    ...changes,
  };
}

export function validateStarted(attempt = 1, startedAt = at(1)): StepStarted {
  return {
    ...RUN,
    step: 'validate:flights',
    kind: 'validate',
    name: 'flights',
    attempt,
    startedAt,
    workerIdentity: 'worker-a',
    run: SCOPE,
  };
}

export function validateFinished(attempt = 1, finishedAt = at(2)): StepFinished {
  const made = manifest();
  return {
    ...RUN,
    step: 'validate:flights',
    attempt,
    finishedAt,
    run: SCOPE,
    manifest: made,
    inputs: [{ name: 'flights', uri: 'extract/manifest.json', content: 'e'.repeat(64) }],
    result: {
      dataset: {
        name: 'flights',
        uri: 'validate/manifest.json',
        rows: 97,
        bytes: 1000,
        content: made.content,
        schema: made.schema,
        parents: [],
      },
      rowsRead: 100,
      rejected: 3,
      reused: false,
    },
  };
}

/** A step that fed nothing. */
export function airportsFinished(finishedAt = at(2)): StepFinished {
  const dataset = { name: 'airports', uri: 'airports/manifest.json', rows: 5, bytes: 9, content: 'a', schema: 's', parents: [] };
  return {
    ...RUN,
    step: 'validate:airports',
    attempt: 1,
    finishedAt,
    run: SCOPE,
    inputs: [],
    result: { dataset, reused: false },
  };
}

export function validateFailed(attempt = 1, finishedAt = at(2)): StepFailed {
  return {
    ...RUN,
    step: 'validate:flights',
    attempt,
    finishedAt,
    code: 'INTERRUPTED',
    message: 'The worker stopped.',
    willRetry: true,
    run: SCOPE,
  };
}

export function loadFinished(
  changes: { attempt?: number; runId?: string; alreadyDone?: boolean; finishedAt?: string } = {},
): StepFinished {
  const load: LoadResult = {
    target: 'warehouse.public.delays',
    mode: 'append',
    rows: 97,
    replaced: 0,
    alreadyDone: changes.alreadyDone ?? false,
    loadId: `${SCOPE.loadScope}/load:delays`,
    created: false,
    deleted: 3,
    changes: [
      { change: 'added', column: 'colour', to: 'text' },
      { change: 'discarded', column: 'weight', from: 'DOUBLE', rows: 12 },
    ],
  };
  return {
    workflowId: RUN.workflowId,
    runId: changes.runId ?? RUN.runId,
    step: 'load:delays',
    attempt: changes.attempt ?? 1,
    finishedAt: changes.finishedAt ?? at(4),
    result: { load },
    inputs: [{ name: 'flights', uri: 'validate/manifest.json', content: 'c'.repeat(64) }],
    load: { ...load, content: 'c'.repeat(64), partition: '2001-01', connection: 'warehouse' },
    run: SCOPE,
  };
}
