import { expect, test } from 'vitest';
import type { TriggerEvaluation } from '../../src/core/trigger.js';
import { onBothDatabases } from './fresh-catalog.js';
import { at } from './sample-facts.js';

const trigger = 'millrace.trigger/queue/report';
const evaluation = (number: number, more: Partial<TriggerEvaluation> = {}): TriggerEvaluation => ({
  trigger,
  id: `${at(number)}/${String(number).padStart(9, '0')}`,
  pipeline: 'report',
  kind: 'after',
  partition: '2001-01',
  at: at(number),
  outcome: 'waiting',
  code: null,
  reason: 'No new version of: warehouse.orders.',
  inputs: [],
  workflowId: null,
  runId: null,
  ...more,
});

onBothDatabases((fresh) => {
  test('evaluations that come to the same are counted together, those of other partitions between them or not', async () => {
    const { catalog } = await fresh();
    await catalog.recordTriggerEvaluations([evaluation(1), evaluation(2, { partition: null }), evaluation(3)]);
    await catalog.recordTriggerEvaluations([evaluation(4, { partition: null })]);
    const rows = await catalog.listTriggerEvaluations({ trigger, limit: 10 });
    expect(rows.map(({ partition, times, firstAt, at: last }) => [partition, times, firstAt, last])).toEqual([
      [null, 2, at(2), at(4)],
      ['2001-01', 2, at(1), at(3)],
    ]);
  });

  test('an evaluation that is told again changes nothing, and one that comes to something else is another', async () => {
    const { catalog } = await fresh();
    const all = [
      evaluation(1),
      evaluation(2),
      evaluation(3, { outcome: 'started', reason: null, workflowId: 'report/2001-01', runId: 'r' }),
    ];
    for (let time = 0; time < 2; time += 1) await catalog.recordTriggerEvaluations(all);
    await catalog.recordTriggerEvaluations([evaluation(4)]);
    const rows = await catalog.listTriggerEvaluations({ trigger, limit: 10 });
    expect(rows.map(({ outcome, times }) => [outcome, times])).toEqual([
      ['waiting', 1],
      ['started', 1],
      ['waiting', 2],
    ]);
    expect(rows[1]).toMatchObject({ workflowId: 'report/2001-01', runId: 'r' });
  });

  test('are listed by partition and outcome, and page by page', async () => {
    const { catalog } = await fresh();
    const months = ['2001-01', '2001-02', '2001-03'].map((partition, index) => evaluation(index + 1, { partition }));
    await catalog.recordTriggerEvaluations([
      ...months,
      evaluation(9, { partition: '2001-02', outcome: 'refused', code: 'PARAMETERS_INVALID' }),
    ]);
    const list = (more: object) => catalog.listTriggerEvaluations({ trigger, limit: 2, ...more });
    const [first, second] = await list({});
    expect([first?.outcome, second?.partition]).toEqual(['refused', '2001-03']);
    expect((await list({ after: second?.lastId })).map(({ partition }) => partition)).toEqual(['2001-02', '2001-01']);
    expect(await list({ outcome: 'refused' })).toHaveLength(1);
    expect(await list({ partition: '2001-02' })).toHaveLength(2);
    expect(await list({ partition: null })).toEqual([]);
    expect(await catalog.listTriggerEvaluations({ trigger: 'another', limit: 2 })).toEqual([]);
  });

  test('tell what waits: the partitions whose latest word that is', async () => {
    const { catalog } = await fresh();
    await catalog.recordTriggerEvaluations([
      evaluation(1),
      evaluation(2, { partition: '2001-02' }),
      evaluation(3, { partition: '2001-02', outcome: 'started' }),
      evaluation(4, { partition: null, kind: 'files' }),
    ]);
    expect((await catalog.listWaitingTriggers(trigger, 10)).map(({ partition }) => partition)).toEqual([null, '2001-01']);
  });

  test('marks are as they were written last, until they are dropped', async () => {
    const { catalog } = await fresh();
    expect(await catalog.readTriggerMark('relay/queue/warehouse')).toBeUndefined();
    for (const value of ['1', '2']) await catalog.writeTriggerMark('relay/queue/warehouse', value);
    expect(await catalog.readTriggerMark('relay/queue/warehouse')).toBe('2');
    await catalog.dropTriggerMark('relay/queue/warehouse');
    expect(await catalog.readTriggerMark('relay/queue/warehouse')).toBeUndefined();
  });
});
