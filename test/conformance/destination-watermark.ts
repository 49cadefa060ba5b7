import { describe, expect, test } from 'vitest';
import type { CursorRange } from '../../src/core/cursor.js';
import type { LedgerLoad } from '../../src/connectors/contract.js';
import { abortAt, toolsOf } from './destination.js';
import type { DestinationHarness, Tools } from './destination-tools.js';
import { describeRepetitions } from './destination-watermark-again.js';
import { sampleRows, type SampleLoad } from './sample.js';
import { rangeOf, watermarkScene, type WatermarkMode, type WatermarkScene } from './watermark-scene.js';

/** The rules of watermarks, for destinations that keep them. */
export function describeWatermarks(name: string, harness: () => DestinationHarness, modes: readonly WatermarkMode[]): void {
  const tools = toolsOf(harness);
  describe.each(modes)(`${name} as a destination with watermarks, by %s`, (mode) => {
    const newScene = (): WatermarkScene => watermarkScene(tools, mode);
    describeMoves(tools, mode, newScene);
    describeRefusals(tools, newScene);
    describeRepetitions(tools, mode, newScene);
  });
}

function describeMoves({ rowsOf, harness, load: loadAny }: Tools, mode: WatermarkMode, newScene: () => WatermarkScene): void {
  test('a target that is not there has got nowhere', async () => {
    const { ask, to } = newScene();
    expect(await ask('a')).toEqual({ target: `depot.${await qualified(harness(), to)}`, name: '', step: 'a', value: null });
  });

  test('each load moves the watermark to the end of its range', async () => {
    const { ask, load, to } = newScene();
    expect(await load(await ask(), 3)).toMatchObject({ rows: 3, watermark: '3' });
    expect(await ask()).toMatchObject({ value: '3', column: 'id' });
    expect(await load(await ask(), 5)).toMatchObject({ rows: 2, replaced: 0, watermark: '5' });
    expect(await ask()).toMatchObject({ value: '5' });
    expect(await ask()).not.toHaveProperty('upTo');
    expect(await rowsOf(to)).toEqual(sampleRows(1, 5));
  });

  test('an empty range is recorded like any other', async () => {
    const { ask, load, to } = newScene();
    const first = await ask();
    expect(await load(first, 0, { rows: [], watermark: rangeOf(first, null) })).toMatchObject({ rows: 0, watermark: null });
    expect(await ask()).toMatchObject({ value: null });
    await load(await ask(), 2);
    const since = await ask();
    expect(await load(since, 2)).toMatchObject({ rows: 0, watermark: '2', alreadyDone: false });
    expect(await ask()).toMatchObject({ value: '2' });
    expect(await rowsOf(to)).toEqual(sampleRows(1, 2));
  });

  test('watermarks of several names know nothing of each other', async () => {
    const { ask, load, to } = newScene();
    await load(await ask('n', 'north'), 3);
    const south = await ask('s', 'south');
    expect(south).toMatchObject({ name: 'south', value: null });
    await load(south, 13, { rows: sampleRows(11, 13) });
    expect(await ask('x', 'north')).toMatchObject({ value: '3' });
    expect(await ask('x', 'south')).toMatchObject({ value: '13' });
    expect(await ask('x')).toMatchObject({ value: null });
    expect(await rowsOf(to)).toEqual([...sampleRows(1, 3), ...sampleRows(11, 13)]);
  });

  test('loads of one run partition keep each other’s rows: the range alone decides', async () => {
    const { ask, load, to } = newScene();
    await load(await ask(), 3, { runPartition: '2001-01' });
    await load(await ask(), 5, { runPartition: '2001-01' });
    expect(await rowsOf(to)).toEqual(sampleRows(1, 5));
  });

  test('the ledger tells the range of each load', async () => {
    const { ask, load, to } = newScene();
    const since = await ask('asked');
    const { target } = await load(since, 3);
    await loadAny({ target: to, mode, rows: sampleRows(50, 51) });
    const connector = await harness().open();
    const loads: LedgerLoad[] = [];
    for await (const each of connector.destination?.ledger?.() ?? []) if (each.target === target) loads.push(each);
    await connector.close();
    expect(loads.map(({ watermark }) => watermark).filter((each) => each !== undefined)).toEqual([
      { column: 'id', type: 'BIGINT', after: null, from: null, upTo: '3', withoutCursor: 0, name: '', step: 'asked' },
    ]);
    expect(await ask()).toMatchObject({ value: '3' });
  });

  for (const place of ['load.copied', 'load.before-commit'] as const) {
    test(`a load that is cancelled at ${place} moves nothing`, async () => {
      const { ask, load, to } = newScene();
      await load(await ask(), 2);
      const since = await ask();
      const request = { target: to, mode, rows: sampleRows(3, 6), watermark: rangeOf(since, 6), loadId: `cut-${to}` };
      const seen: (string | null)[] = [];
      const cut = abortAt(place, async () => void seen.push((await ask()).value));
      await expect(loadAny(request, cut)).rejects.toMatchObject({ code: 'CANCELLED' });
      expect([...seen, (await ask()).value]).toEqual(['2', '2']);
      expect(await rowsOf(to)).toEqual(sampleRows(1, 2));
      expect(await loadAny(request)).toMatchObject({ rows: 4, alreadyDone: false });
      expect(await ask()).toMatchObject({ value: '6' });
    });
  }

  test('a load that is cut off right after its commit has moved it', async () => {
    const { ask, to } = newScene();
    const since = await ask('cut');
    const request = { target: to, mode, rows: sampleRows(1, 4), watermark: rangeOf(since, 4), loadId: `committed-${to}` };
    await expect(
      loadAny(
        request,
        abortAt('load.committed', () => Promise.reject(new Error('killed'))),
      ),
    ).rejects.toThrow('killed');
    expect(await ask()).toMatchObject({ value: '4' });
    expect(await loadAny(request)).toMatchObject({ rows: 4, alreadyDone: true });
    expect(await rowsOf(to)).toEqual(sampleRows(1, 4));
  });
}

function describeRefusals({ rowsOf, load: loadAny }: Tools, newScene: () => WatermarkScene): void {
  test('a range that begins where the target no longer is, is refused', async () => {
    const { ask, load, to } = newScene();
    const stale = await ask();
    await load(await ask(), 3, { loadId: `faster-${to}` });
    await expect(load(stale, 4)).rejects.toMatchObject({
      code: 'WATERMARK_MOVED',
      message: expect.stringMatching(
        /^The watermark of depot\..* is "3", and the range to load begins after not set\. Load .* has moved it\. Nothing was loaded\./,
      ) as string,
      details: { name: '', watermark: '3', after: null },
    });
    expect(await rowsOf(to)).toEqual(sampleRows(1, 3));
    expect(await ask()).toMatchObject({ value: '3' });
  });

  test('of two loads at the same time that begin at the same watermark, one is refused', async () => {
    const { ask, load, to } = newScene();
    const since = await ask();
    const results = await Promise.allSettled([load(since, 30), load(since, 40), load(since, 50)]);
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused.map(({ reason }) => (reason as { code: string }).code)).toEqual(['WATERMARK_MOVED', 'WATERMARK_MOVED']);
    const { value } = await ask();
    expect(await rowsOf(to)).toEqual(sampleRows(1, Number(value)));
  });

  test('the range of another target’s watermark is refused', async () => {
    const { load, to } = newScene();
    const other = await newScene().ask();
    await expect(load(other, 3)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining(`begins at the watermark of ${other.target}`) as string,
    });
    expect(await rowsOf(to)).toEqual([]);
  });

  test('the range of another column is refused', async () => {
    const { ask, load, to } = newScene();
    await load(await ask(), 3);
    const watermark = { ...rangeOf(await ask(), 5), column: 'amount' };
    await expect(load(await ask(), 5, { watermark })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    expect(await rowsOf(to)).toEqual(sampleRows(1, 3));
  });

  test('a value of one’s own is a beginning, and after that has to be where the target is', async () => {
    const { ask, to, load } = newScene();
    const own = (after: string, upTo: number): CursorRange => {
      const { watermark: _, ...range } = rangeOf({ target: '', name: '', step: '', value: after }, upTo);
      return range;
    };
    const since = { target: '', name: '', step: '', value: '5' };
    await load(since, 7, { watermark: own('5', 7) });
    await expect(load({ ...since, value: '6' }, 9, { watermark: own('6', 9) })).rejects.toMatchObject({
      code: 'WATERMARK_MOVED',
    });
    await load({ ...since, value: '7' }, 9, { watermark: own('7', 9) });
    expect(await ask()).toMatchObject({ value: '9' });
    expect(await rowsOf(to)).toEqual(sampleRows(6, 9));
  });

  test('a load that was made with a watermark is not made again without one', async () => {
    const { ask, load, to } = newScene();
    const loadId = `without-${to}`;
    await load(await ask(), 3, { loadId });
    const request: SampleLoad = { target: to, mode: 'append', rows: sampleRows(1, 4), loadId };
    await expect(loadAny(request)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    expect(await rowsOf(to)).toEqual(sampleRows(1, 3));
  });
}

async function qualified({ open }: DestinationHarness, target: string): Promise<string> {
  const connector = await open();
  await connector.close();
  return connector.kind === 'postgres' ? `public.${target}` : target;
}
