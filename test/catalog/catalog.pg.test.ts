import { describe, expect, test } from 'vitest';
import type { Catalog } from '../../src/catalog/index.js';
import { onBothDatabases } from './fresh-catalog.js';
import {
  at,
  loadFinished,
  manifest,
  RUN,
  runStarted,
  validateFailed,
  validateFinished,
  validateStarted,
} from './sample-facts.js';

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}

const STORY: readonly ((catalog: Catalog) => Promise<void>)[] = [
  (catalog) => catalog.recordRunStarted(runStarted()),
  (catalog) => catalog.recordStepStarted(validateStarted(1, at(1))),
  (catalog) => catalog.recordStepFailed(validateFailed(1, at(2))),
  (catalog) => catalog.recordStepFinished(validateFinished(2, at(3))),
  (catalog) => catalog.recordRunFinished({ ...RUN, status: 'completed', finishedAt: at(5), result: { rows: 97 } }),
];

onBothDatabases((fresh) => {
  describe('facts', () => {
    test('told twice change nothing', async () => {
      const { catalog, contents } = await fresh();
      for (const tell of STORY) await tell(catalog);
      await catalog.recordStepFinished(loadFinished());
      const once = await contents();
      for (const tell of STORY) await tell(catalog);
      await catalog.recordStepFinished(loadFinished());
      expect(await contents()).toEqual(once);
      expect(once.loads).toHaveLength(1);
      expect(once.quality_reasons).toHaveLength(2);
    });

    test('end in the same rows in whatever order they arrive', async () => {
      const { catalog, contents, empty, isRemote } = await fresh();
      for (const tell of STORY) await tell(catalog);
      const expected = await contents();
      for (const order of permutations(STORY).filter((_, index) => !isRemote || index % 7 === 0)) {
        await empty();
        for (const tell of order) await tell(catalog);
        expect(await contents()).toEqual(expected);
      }
    });

    test('of a finished attempt are not undone by a late failure or start of the same attempt', async () => {
      const { catalog } = await fresh();
      await catalog.recordStepFinished(validateFinished());
      await catalog.recordStepFailed(validateFailed());
      await catalog.recordStepStarted(validateStarted());
      const [step] = await catalog.listSteps(RUN.workflowId, RUN.runId);
      expect(step).toMatchObject({
        status: 'done',
        error: null,
        startedAt: at(1),
        finishedAt: at(2),
        workerIdentity: 'worker-a',
      });
    });

    test('of a second end replace the first one only when they are later', async () => {
      const { catalog } = await fresh();
      await catalog.recordRunStarted(runStarted());
      await catalog.recordRunFinished({ ...RUN, status: 'cancelled', finishedAt: at(6) });
      await catalog.recordRunFinished({ ...RUN, status: 'completed', finishedAt: at(5) });
      expect(await catalog.findRun(RUN.workflowId)).toMatchObject({ status: 'cancelled', finishedAt: at(6) });
    });
  });

  describe('runs', () => {
    test('come back as they were told', async () => {
      const { catalog } = await fresh();
      const retryOf = { workflowId: 'flightDelays/2001-01', runId: 'run-0', from: 'load:delays' };
      const changes = { params: ['month'], code: 'other', version: { from: '1.0.0', to: '1.1.0' } } as const;
      await catalog.recordRunStarted(runStarted({ retryOf, code: { hash: 'c1', version: '1.1.0' }, changes }));
      await catalog.recordRunFinished({
        ...RUN,
        status: 'failed',
        finishedAt: at(9),
        error: { code: 'TABLE_MISSING', message: 'no table' },
      });
      expect(await catalog.findRun(RUN.workflowId, RUN.runId)).toEqual({
        ...runStarted(),
        retryOf,
        resetOf: null,
        code: 'c1',
        version: '1.1.0',
        changes,
        paused: null,
        waiting: [],
        status: 'failed',
        finishedAt: at(9),
        error: { code: 'TABLE_MISSING', message: 'no table' },
        result: null,
      });
      expect(await catalog.findRun('nobody')).toBeUndefined();
    });

    test('are listed latest first, by pipeline and status, up to a limit', async () => {
      const { catalog } = await fresh();
      for (const [index, pipeline] of ['a', 'b', 'a', 'a'].entries()) {
        await catalog.recordRunStarted(runStarted({ pipeline, workflowId: `w${index}`, startedAt: at(index) }));
      }
      await catalog.recordRunFinished({ workflowId: 'w2', runId: 'run-1', status: 'completed', finishedAt: at(9) });
      const ids = async (filter: Parameters<Catalog['listRuns']>[0]) =>
        (await catalog.listRuns(filter)).map((run) => run.workflowId);
      expect(await ids({ limit: 3 })).toEqual(['w3', 'w2', 'w1']);
      expect(await ids({ pipeline: 'a', statuses: ['running'], limit: 9 })).toEqual(['w3', 'w0']);
    });

    test('are listed on from any of them, by partition, owner and time, and of some pipelines only', async () => {
      const { catalog } = await fresh();
      for (const [index, pipeline] of ['a', 'b', 'a', 'c'].entries()) {
        // Two begin at once: the list has one order all the same.
        const startedAt = at(Math.min(index, 2));
        await catalog.recordRunStarted(
          runStarted({ pipeline, runId: `r${index}`, startedAt, partition: `p${index}`, owner: pipeline }),
        );
      }
      const ids = async (filter: Omit<Parameters<Catalog['listRuns']>[0], 'limit'>) =>
        (await catalog.listRuns({ ...filter, limit: 9 })).map((run) => run.runId);
      expect(await ids({})).toEqual(['r3', 'r2', 'r1', 'r0']);
      expect(await ids({ after: { startedAt: at(2), runId: 'r3' } })).toEqual(['r2', 'r1', 'r0']);
      expect(await ids({ after: { startedAt: at(1), runId: 'r1' } })).toEqual(['r0']);
      expect(await ids({ partition: 'p1' })).toEqual(['r1']);
      expect(await ids({ owner: 'a', since: at(1) })).toEqual(['r2']);
      expect(await ids({ until: at(2) })).toEqual(['r1', 'r0']);
      expect(await ids({ pipelines: ['a', 'c'] })).toEqual(['r3', 'r2', 'r0']);
      expect(await ids({ pipelines: [] })).toEqual([]);
    });

    test('of one workflow id are told apart, and the latest is found without a run id', async () => {
      const { catalog } = await fresh();
      await catalog.recordRunStarted(runStarted({ runId: 'later', startedAt: at(10) }));
      await catalog.recordRunStarted(runStarted());
      expect(await catalog.findRun(RUN.workflowId)).toMatchObject({ runId: 'later' });
      expect(await catalog.findRun(RUN.workflowId, 'run-1')).toMatchObject({ runId: 'run-1', startedAt: at(0) });
    });
  });

  describe('steps', () => {
    test('show their latest attempt, also when an earlier one is told of late', async () => {
      const { catalog } = await fresh();
      await catalog.recordStepStarted(validateStarted(2, at(5)));
      await catalog.recordStepFinished(validateFinished(1, at(6)));
      const steps = await catalog.listSteps(RUN.workflowId, RUN.runId);
      expect(steps).toHaveLength(1);
      expect(steps[0]).toMatchObject({ step: 'validate:flights', attempt: 2, attempts: 2, status: 'running', result: null });
    });

    test('that died with their worker end with their run, and still say why if they come to', async () => {
      const { catalog } = await fresh();
      await catalog.recordRunStarted(runStarted());
      await catalog.recordStepStarted(validateStarted(1, at(1)));
      await catalog.recordRunFinished({ ...RUN, status: 'failed', finishedAt: at(9) });
      const [died] = await catalog.listSteps(RUN.workflowId, RUN.runId);
      expect(died).toMatchObject({ status: 'failed', finishedAt: at(9), error: { code: 'INTERRUPTED' } });
      await catalog.recordStepFailed({ ...validateFailed(), attempt: 1, code: 'TABLE_MISSING', willRetry: false });
      const [told] = await catalog.listSteps(RUN.workflowId, RUN.runId);
      expect(told).toMatchObject({ status: 'failed', error: { code: 'TABLE_MISSING' } });
    });

    test('keep their whole result and the steps that fed them, in order of start', async () => {
      const { catalog } = await fresh();
      await catalog.recordStepFinished(loadFinished());
      await catalog.recordStepFinished(validateFinished());
      const steps = await catalog.listSteps(RUN.workflowId, RUN.runId);
      expect(steps.map((step) => step.step)).toEqual(['validate:flights', 'load:delays']);
      expect(steps[0]?.result).toEqual(validateFinished().result);
      expect(steps[1]?.inputs).toEqual(loadFinished().inputs);
    });

    test('say the rejected rows of their deciding attempt, with reasons', async () => {
      const { catalog } = await fresh();
      await catalog.recordStepFinished(validateFinished(2));
      await catalog.recordStepFinished({
        ...validateFinished(1),
        manifest: manifest({ verdict: { ...manifest().verdict!, rejects: 'old.parquet' } }),
      });
      expect(await catalog.listQuarantine(RUN.workflowId, RUN.runId)).toEqual([
        {
          ...RUN,
          step: 'validate:flights',
          attempt: 2,
          dataset: 'flights',
          datasetUri: 'validate/manifest.json',
          contract: 'Flight',
          contractHash: 'h1',
          rejects: 'validate/rejects.parquet',
          rows: 3,
          rowsRead: 100,
          accepted: 97,
          reasons: manifest().verdict!.reasons,
        },
      ]);
    });

    test('that refused their data say the rejected rows too', async () => {
      const { catalog } = await fresh();
      const judged = { dataset: 'validate/manifest.json', manifest: manifest() };
      await catalog.recordStepFailed({ ...validateFailed(), code: 'CONTRACT_BREACH', willRetry: false, judged });
      const quarantine = await catalog.listQuarantine(RUN.workflowId, RUN.runId);
      expect(quarantine).toMatchObject([{ step: 'validate:flights', rows: 3, rejects: 'validate/rejects.parquet' }]);
    });
  });

  describe('loads', () => {
    test('are kept once for their id and content, by the attempt that did the work', async () => {
      const { catalog, contents } = await fresh();
      await catalog.recordStepFinished(loadFinished({ attempt: 2, alreadyDone: true }));
      await catalog.recordStepFinished(loadFinished({ attempt: 1 }));
      await catalog.recordStepFinished(loadFinished({ attempt: 3, alreadyDone: true }));
      expect((await contents()).loads).toMatchObject([
        { attempt: 1, already_done: 0, rows: 97, target: 'warehouse.public.delays' },
      ]);
    });
  });

  describe('changes of columns', () => {
    const changes = [
      {
        step: 'load:delays',
        target: 'warehouse.public.delays',
        change: 'added',
        column: 'colour',
        from: null,
        to: 'text',
        rows: null,
      },
      {
        step: 'load:delays',
        target: 'warehouse.public.delays',
        change: 'discarded',
        column: 'weight',
        from: 'DOUBLE',
        to: null,
        rows: 12,
      },
    ];

    test('are kept with the load that made them, once', async () => {
      const { catalog } = await fresh();
      await catalog.recordStepFinished(loadFinished());
      await catalog.recordStepFinished(loadFinished({ attempt: 2, alreadyDone: true }));
      const { workflowId, runId } = loadFinished();
      expect(await catalog.listSchemaChanges(workflowId, runId)).toEqual(changes);
      expect(await catalog.listSchemaChanges(workflowId, 'another run')).toEqual([]);
    });

    test('are completed by the ledger, where a history tells of the first ones only', async () => {
      const { catalog } = await fresh();
      const { load: recorded, step, ...fact } = loadFinished();
      if (!recorded) throw new Error('a load');
      const { watermark: _, ...load } = recorded;
      await catalog.recordStepFinished({ ...fact, step, load: { ...load, changes: load.changes?.slice(0, 1) ?? [] } });
      expect(await catalog.recordLedgerLoad({ ...load, step, ...fact, loadedAt: fact.finishedAt })).toBe(false);
      expect(await catalog.listSchemaChanges(fact.workflowId, fact.runId)).toEqual(changes);
    });
  });

  test('a contract version is kept once for its name and hash', async () => {
    const { catalog, contents } = await fresh();
    await catalog.recordContract({ name: 'Flight', hash: 'h1', definition: '{}' });
    await catalog.recordContract({ name: 'Flight', hash: 'h1', definition: '{}' });
    await catalog.recordContract({ name: 'Flight', hash: 'h2', definition: '{"a":1}' });
    expect((await contents()).contract_versions).toMatchObject([
      { name: 'Flight', hash: 'h1', definition: '{}' },
      { name: 'Flight', hash: 'h2', definition: '{"a":1}' },
    ]);
  });
});
