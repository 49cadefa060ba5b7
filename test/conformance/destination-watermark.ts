import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { CursorRange, Watermark } from '../../src/core/cursor.js';
import type { LedgerLoad, LoadRequest } from '../../src/connectors/contract.js';
import { withContext } from './context.js';
import { abortAt, toolsOf } from './destination.js';
import type { DestinationHarness, Tools } from './destination-tools.js';
import { sampleRows, type SampleLoad } from './sample.js';

type Mode = 'append' | 'merge';

/** A target, and what loads into it are made with. */
interface Scene {
  readonly to: string;
  /** The watermark that a step is told. */
  readonly ask: (step?: string, name?: string) => Promise<Watermark>;
  /** Loads the rows of a range of ids, from the one after `since`. */
  readonly load: (since: Watermark, upTo: number, more?: Partial<SampleLoad>) => ReturnType<Tools['load']>;
}

/** The rules of watermarks, for destinations that keep them. */
export function describeWatermarks(name: string, harness: () => DestinationHarness, modes: readonly Mode[]): void {
  const tools = toolsOf(harness);
  describe.each(modes)(`${name} as a destination with watermarks, by %s`, (mode) => {
    const newScene = (): Scene => sceneOf(tools, mode);
    describeMoves(tools, mode, newScene);
    describeRefusals(tools, newScene);
    describeRepetitions(tools, mode, newScene);
  });
}

/** The range from a watermark up to an id. */
export function rangeOf({ value, target, name, step, upTo: planned }: Watermark, upTo: number | null): CursorRange {
  const end = planned !== undefined ? planned : upTo === null ? null : String(upTo);
  return {
    column: 'id',
    type: 'BIGINT',
    after: value,
    from: value,
    upTo: end,
    withoutCursor: 0,
    watermark: { target, name, step },
  };
}

function sceneOf(tools: Tools, mode: Mode): Scene {
  const to = tools.target(mode);
  return {
    to,
    ask: (step = `run-${randomBytes(4).toString('hex')}/0/watermark:depot`, name = '') =>
      askFor(tools.harness(), { target: to, connection: 'depot', name, step }),
    load: (since, upTo, more) => {
      const rows = sampleRows(Number(since.value ?? 0) + 1, upTo);
      return tools.load({ target: to, mode, rows, watermark: rangeOf(since, upTo), ...more });
    },
  };
}

async function askFor(
  harness: DestinationHarness,
  request: Parameters<NonNullable<Destination['watermark']>>[0],
): Promise<Watermark> {
  const connector = await harness.open();
  try {
    return await withContext(async (context) => {
      if (!connector.destination?.watermark) throw new Error('The destination keeps no watermarks');
      return connector.destination.watermark(request, context);
    });
  } finally {
    await connector.close();
  }
}

type Destination = NonNullable<Awaited<ReturnType<DestinationHarness['open']>>['destination']>;

function describeMoves({ rowsOf, harness, load: loadAny }: Tools, mode: Mode, newScene: () => Scene): void {
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

function describeRefusals({ rowsOf, load: loadAny }: Tools, newScene: () => Scene): void {
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

function describeRepetitions({ rowsOf }: Tools, mode: LoadRequest['mode'], newScene: () => Scene): void {
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

async function qualified({ open }: DestinationHarness, target: string): Promise<string> {
  const connector = await open();
  await connector.close();
  return connector.kind === 'postgres' ? `public.${target}` : target;
}
