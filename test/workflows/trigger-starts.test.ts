import { describe, expect, test } from 'vitest';
import type { TriggeredStart } from '../../src/core/trigger.js';
import { TriggerStarts } from '../../workflows/trigger-starts.js';

const start = (key: string, more: Partial<TriggeredStart> = {}): TriggeredStart => ({
  key,
  kind: 'after',
  partition: '2001-01',
  params: {},
  inputs: [key],
  ...more,
});
const done = (key: string, workflowId: string) => ({ key, workflowId, blockedBy: null });
const blocked = (key: string, blockedBy: string) => ({ key, workflowId: null, blockedBy });

describe('starts that are decided on', () => {
  test('of one partition are one, until it is tried', () => {
    const starts = new TriggerStarts();
    starts.add(start('a'));
    starts.add(start('b'));
    expect(starts.take()).toEqual([expect.objectContaining({ key: 'a', inputs: ['a', 'b'] })]);
    starts.add(start('c'));
    starts.settle([done('a', 'report/2001-01')]);
    expect(starts.take().map(({ key }) => key)).toEqual(['c']);
  });

  test('wait for the run that is in their way, together with what comes meanwhile', () => {
    const starts = new TriggerStarts();
    starts.add(start('a'));
    starts.take();
    starts.add(start('b'));
    starts.settle([blocked('a', 'report/2001-01')]);
    starts.add(start('c'));
    expect(starts.hasReady).toBe(false);
    expect(starts.take()).toEqual([]);
    expect(starts.blockers()).toEqual(['report/2001-01']);
    starts.unblock('report/2001-01');
    expect(starts.take()).toEqual([expect.objectContaining({ key: 'a', inputs: ['a', 'b', 'c'] })]);
  });

  test('of which nothing was said are tried again', () => {
    const starts = new TriggerStarts();
    starts.add(start('a'));
    starts.take();
    starts.settle([]);
    expect(starts.take().map(({ key }) => key)).toEqual(['a']);
  });

  test('without a partition follow each other, but for deliveries of a webhook', () => {
    const starts = new TriggerStarts();
    starts.add(start('one', { kind: 'sql', partition: null, inputs: ['1'] }));
    starts.add(start('two', { kind: 'sql', partition: null, inputs: ['2'] }));
    starts.add(start('x', { kind: 'webhook', partition: null }));
    starts.add(start('y', { kind: 'webhook', partition: null }));
    expect(starts.take().map(({ key }) => key)).toEqual(['one', 'x', 'y']);
    starts.settle([done('one', 'ready-1'), done('x', 'hooked-x'), done('y', 'hooked-y')]);
    expect(starts.take()).toEqual([expect.objectContaining({ key: 'two', after: 'ready-1' })]);
  });

  test('hand all files that came meanwhile to one run', () => {
    const starts = new TriggerStarts();
    const file = (path: string) => ({
      kind: 'files' as const,
      partition: null,
      params: { paths: [path] },
      files: [{ path, stamp: '1' }],
    });
    starts.add(start('a', file('a.csv')));
    starts.add(start('b', file('b.csv')));
    expect(starts.files().map(({ path }) => path)).toEqual(['a.csv', 'b.csv']);
    expect(starts.take()).toMatchObject([{ key: 'a', params: { paths: ['a.csv', 'b.csv'] }, files: [{}, {}] }]);
    expect(starts.files()).toHaveLength(2);
  });

  test('and runs before them are carried to another execution', () => {
    const starts = new TriggerStarts();
    starts.add(start('one', { kind: 'sql', partition: null, inputs: ['1'] }));
    starts.take();
    starts.settle([done('one', 'ready-1')]);
    starts.add(start('two', { kind: 'sql', partition: null, inputs: ['2'] }));
    const { starts: left, runs } = JSON.parse(JSON.stringify(starts.carry())) as ReturnType<TriggerStarts['carry']>;
    expect(new TriggerStarts(left, runs).take()).toEqual([expect.objectContaining({ key: 'two', after: 'ready-1' })]);
  });

  test('are tried so many at a time as have room, the first one whatever it takes', () => {
    const starts = new TriggerStarts();
    for (const key of ['a', 'b', 'c']) starts.add(start(key, { kind: 'webhook', params: { note: 'ö'.repeat(100) } }));
    expect(starts.take(700).map(({ key }) => key)).toEqual(['a', 'b']);
    starts.settle([done('a', '1'), done('b', '2')]);
    expect(starts.take(1).map(({ key }) => key)).toEqual(['c']);
  });

  test('that cannot be taken along are given up, the latest ones', () => {
    const starts = new TriggerStarts();
    for (const key of ['a', 'b', 'c']) starts.add(start(key, { kind: 'webhook', params: { note: 'ö'.repeat(100) } }));
    expect(starts.dropBeyond(700).map(({ key }) => key)).toEqual(['c']);
    expect(JSON.stringify(starts.carry().starts).length).toBeLessThan(700);
    expect(starts.take().map(({ key }) => key)).toEqual(['a', 'b']);
  });
});
