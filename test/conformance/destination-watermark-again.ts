import { expect, test } from 'vitest';
import type { CursorRange, Watermark } from '../../src/core/cursor.js';
import type { Tools } from './destination-tools.js';
import { sampleRows } from './sample.js';
import { rangeOf, type WatermarkMode, type WatermarkScene } from './watermark-scene.js';

/** What happens to a watermark when loads are made again. */
export function describeRepetitions({ rowsOf }: Tools, mode: WatermarkMode, newScene: () => WatermarkScene): void {
  test('the same load again changes nothing, even after later ones', async () => {
    const { ask, load, to } = newScene();
    const since = await ask();
    const first = () => load(since, 3, { loadId: `again-${to}` });
    await first();
    expect(await first()).toMatchObject({ alreadyDone: true, watermark: '3' });
    await load(await ask(), 5);
    expect(await first()).toMatchObject({ alreadyDone: true });
    expect(await ask()).toMatchObject({ value: '5' });
    expect(await rowsOf(to)).toEqual(sampleRows(1, 5));
  });

  test('the same load twice at the same time ends in one', async () => {
    const { ask, load, to } = newScene();
    const since = await ask();
    const results = await Promise.all([1, 2].map(() => load(since, 40, { loadId: `twice-${to}` })));
    expect(results.filter(({ alreadyDone }) => alreadyDone)).toHaveLength(1);
    expect(await rowsOf(to)).toEqual(sampleRows(1, 40));
  });

  test('the step with which a load was planned is told that load’s range again', async () => {
    const { ask, load } = newScene();
    await load(await ask(), 2);
    await load(await ask('mine'), 4);
    await load(await ask(), 6);
    expect(await ask('mine')).toMatchObject({ value: '2', upTo: '4', column: 'id' });
    expect(await ask('another')).toMatchObject({ value: '6' });
  });

  test('the same load with other rows takes the place of its own, and leaves the watermark to later ones', async () => {
    const { ask, load, to } = newScene();
    await load(await ask('mine'), 3, { loadId: `mine-${to}` });
    await load(await ask(), 5);
    const planned = await ask('mine');
    const rows = sampleRows(1, 3, 'south');
    expect(await load(planned, 3, { rows, loadId: `mine-${to}` })).toMatchObject({ alreadyDone: false, watermark: '3' });
    expect(await ask()).toMatchObject({ value: '5' });
    expect(await rowsOf(to)).toEqual([...rows, ...sampleRows(4, 5)]);
    await load(await ask(), 6);
    expect(await rowsOf(to)).toEqual([...rows, ...sampleRows(4, 6)]);
  });

  test('the latest load may be made again with a longer range, an earlier one may not', async () => {
    const { ask, load, to } = newScene();
    const first = await ask();
    await load(first, 2, { loadId: `first-${to}` });
    const second = await ask();
    await load(second, 4, { loadId: `second-${to}` });
    await expect(load(first, 3, { loadId: `first-${to}` })).rejects.toMatchObject({ code: 'WATERMARK_MOVED' });
    expect(await load(second, 6, { loadId: `second-${to}` })).toMatchObject({ watermark: '6' });
    expect(await ask()).toMatchObject({ value: '6' });
    expect(await rowsOf(to)).toEqual(sampleRows(1, 6));
  });

  test('a load that goes on by a bare value from its own end is refused', async () => {
    const { ask, load, to } = newScene();
    await load(await ask(), 2, { loadId: `bare-${to}` });
    const { value } = await ask();
    const { watermark: _, ...range } = rangeOf({ target: '', name: '', step: '', value }, 4);
    await expect(
      load({ target: '', name: '', step: '', value }, 4, { watermark: range, loadId: `bare-${to}` }),
    ).rejects.toMatchObject({
      code: 'WATERMARK_MOVED',
      message: expect.stringContaining('Give `after` all that run.watermark gave') as string,
    });
    expect(await rowsOf(to)).toEqual(sampleRows(1, 2));
  });

  test('the same rows as another range are another load', async () => {
    const { ask, load, to } = newScene();
    const since = await ask();
    await load(since, 0, { rows: [], watermark: rangeOf(since, 7), loadId: `range-${to}` });
    expect(await load(since, 0, { rows: [], watermark: rangeOf(since, 9), loadId: `range-${to}` })).toMatchObject({
      alreadyDone: false,
    });
    expect(await ask()).toMatchObject({ value: '9' });
    expect(await rowsOf(to)).toEqual([]);
  });

  if (mode !== 'merge') return;
  test('a merge that is made again leaves rows alone that have changed since', async () => {
    const { ask, load, to } = newScene();
    const first = await ask();
    const rows = (...ids: readonly (readonly [key: number, amount: string])[]) =>
      ids.map(([id, amount]) => ({ id, region: 'north', amount }));
    const byAmount = (since: Watermark, upTo: string): CursorRange => ({
      ...rangeOf(since, 0),
      column: 'amount',
      type: 'DECIMAL(12,2)',
      upTo,
    });
    await load(first, 0, {
      rows: rows([1, '1.00'], [2, '2.00'], [3, '3.00']),
      watermark: byAmount(first, '3.00'),
      loadId: `old-${to}`,
    });
    const second = await ask();
    await load(second, 0, { rows: rows([2, '4.00']), watermark: byAmount(second, '4.00') });
    const again = [
      ...rows([1, '1.50'], [2, '2.50']),
      { id: 3, region: 'south', amount: '3.00' },
      { id: 4, region: null, amount: null },
    ];
    const result = await load(first, 0, { rows: again, watermark: byAmount(first, '3.00'), loadId: `old-${to}` });
    expect(result).toMatchObject({ rows: 4, alreadyDone: false });
    expect(await rowsOf(to)).toEqual([
      { id: 1, region: 'north', amount: '1.50' },
      { id: 2, region: 'north', amount: '4.00' },
      { id: 3, region: 'south', amount: '3.00' },
      { id: 4, region: null, amount: null },
    ]);
    expect(await ask()).toMatchObject({ value: '4.00', column: 'amount' });
  });
}
