import { expect, test } from 'vitest';
import { openLeftWorks, type LeftWork } from '../../src/connectors/left-work.js';
import { until } from '../support/until.js';

function work(): LeftWork & { released: number } {
  return {
    released: 0,
    release() {
      this.released += 1;
      return Promise.resolve();
    },
  };
}

const LONG = 60_000;

test('work that an attempt leaves is there for the next one of the same key, once, with the folder kept', () => {
  const works = openLeftWorks();
  const left = work();
  let kept = 0;
  works.resumption('a', 'run', () => void (kept += 1)).leave(left, LONG);
  expect(kept).toBe(1);
  expect(works.resumption('b', 'run', () => undefined).take()).toBeUndefined();
  expect(works.resumption('a', 'run', () => undefined).take()).toBe(left);
  expect(works.resumption('a', 'run', () => undefined).take()).toBeUndefined();
  expect(left.released).toBe(0);
});

test('work that is left in the place of other work releases that', () => {
  const works = openLeftWorks();
  const [first, second] = [work(), work()];
  for (const each of [first, second]) works.resumption('a', 'run', () => undefined).leave(each, LONG);
  expect([first.released, second.released]).toEqual([1, 0]);
});

test('work is released when its time is over', async () => {
  const works = openLeftWorks();
  const left = work();
  works.resumption('a', 'run', () => undefined).leave(left, 1);
  await until(
    () => left.released === 1,
    () => 'the work was not released',
  );
  expect(works.resumption('a', 'run', () => undefined).take()).toBeUndefined();
});

test('work is released when its dataset is made, and when its run ends', async () => {
  const works = openLeftWorks();
  const [made, ended, other] = [work(), work(), work()];
  works.resumption('a', 'run 1', () => undefined).leave(made, LONG);
  works.resumption('b', 'run 1', () => undefined).leave(ended, LONG);
  works.resumption('c', 'run 2', () => undefined).leave(other, LONG);
  await works.drop('a');
  expect([made.released, ended.released, other.released]).toEqual([1, 0, 0]);
  await works.dropOwner('run 1');
  expect([made.released, ended.released, other.released]).toEqual([1, 1, 0]);
});

test('a worker that stops releases everything, and whatever is left afterwards at once', async () => {
  const works = openLeftWorks();
  const [before, after] = [work(), work()];
  works.resumption('a', 'run', () => undefined).leave(before, LONG);
  await works.close();
  works.resumption('b', 'run', () => undefined).leave(after, LONG);
  expect([before.released, after.released]).toEqual([1, 1]);
});
