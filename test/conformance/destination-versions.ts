import { expect, test } from 'vitest';
import type { Tools } from './destination-tools.js';
import { sampleRows } from './sample.js';

export function describeDeletes({ load, target, rowsOf }: Tools): void {
  const mode = 'merge';

  test('merge deletes the rows whose flag is true, whether they are there or not, and counts them', async () => {
    const to = target(mode);
    await load({ target: to, mode, rows: sampleRows(1, 4), deleted: {} });
    const result = await load({
      target: to,
      mode,
      rows: [...sampleRows(2, 3, 'south'), ...sampleRows(7, 8)],
      deleted: { 2: true, 7: true },
    });
    expect(result).toMatchObject({ rows: 4, deleted: 1, replaced: 2 });
    expect(await rowsOf(to)).toEqual([
      ...sampleRows(1, 1),
      ...sampleRows(3, 3, 'south'),
      ...sampleRows(4, 4),
      ...sampleRows(8, 8),
    ]);
  });

  test('merge takes a flag without a value for false', async () => {
    const to = target(mode);
    await load({ target: to, mode, rows: sampleRows(1, 2), deleted: {} });
    expect(await load({ target: to, mode, rows: sampleRows(1, 3, 'south'), deleted: { 1: null } })).toMatchObject({ deleted: 0 });
    expect(await rowsOf(to)).toEqual(sampleRows(1, 3, 'south'));
  });

  test('merge makes a missing target without the flag, and leaves out what is to be deleted', async () => {
    const to = target(mode);
    expect(await load({ target: to, mode, rows: sampleRows(1, 3), deleted: { 2: true } })).toMatchObject({
      created: true,
      rows: 3,
      deleted: 0,
    });
    expect(await rowsOf(to)).toEqual([...sampleRows(1, 1), ...sampleRows(3, 3)]);
  });

  test('merge with deletions again, with the same content, changes nothing and tells the same', async () => {
    const to = target(mode);
    await load({ target: to, mode, rows: sampleRows(1, 3), deleted: {} });
    const request = { target: to, mode, rows: sampleRows(2, 3), deleted: { 2: true }, loadId: 'deletes twice' } as const;
    expect(await load(request)).toMatchObject({ alreadyDone: false, deleted: 1 });
    await load({ target: to, mode, rows: sampleRows(2, 2) });
    expect(await load(request)).toMatchObject({ alreadyDone: true, deleted: 1 });
    expect(await rowsOf(to)).toEqual(sampleRows(1, 3));
  });

  test('merge refuses a key that is both deleted and there', async () => {
    const to = target(mode);
    const rows = [...sampleRows(1, 2), ...sampleRows(2, 2, 'south')];
    await expect(load({ target: to, mode, rows, deleted: { 2: true } })).rejects.toMatchObject({ code: 'KEY_DUPLICATE' });
    expect(await rowsOf(to)).toEqual([]);
  });
}

export function describeVersions({ load, target, harness }: Tools): void {
  const mode = 'scd2';
  const versionsOf = async (of: string) => (await harness().versions?.(of)) ?? [];

  test('scd2 closes the version of a changed row where the new one begins, and leaves the others alone', async () => {
    const to = target(mode);
    await load({ target: to, mode, rows: sampleRows(1, 3) });
    const before = await versionsOf(to);
    expect(await load({ target: to, mode, rows: [...sampleRows(1, 1), ...sampleRows(2, 2, 'south')] })).toMatchObject({
      rows: 2,
      replaced: 1,
    });
    const [first, closed, current, last] = await versionsOf(to);
    expect([first, last]).toEqual([before[0], before[2]]);
    expect(closed).toEqual({ ...before[1], to: current?.from, current: false });
    expect(current).toMatchObject({ id: 2, region: 'south', to: null, current: true });
    expect(await versionsOf(to)).toHaveLength(4);
  });

  test('scd2 of rows that are all unchanged does nothing', async () => {
    const to = target(mode);
    await load({ target: to, mode, rows: [...sampleRows(1, 3), { id: 4, region: null, amount: null }] });
    const before = await versionsOf(to);
    const again = [...sampleRows(1, 3), { id: 4, region: null, amount: null }];
    expect(await load({ target: to, mode, rows: again })).toMatchObject({ alreadyDone: false, rows: 4, replaced: 0 });
    expect(await versionsOf(to)).toEqual(before);
  });

  test('scd2 of the same load with other content corrects its versions instead of adding to them', async () => {
    const to = target(mode);
    await load({ target: to, mode, rows: sampleRows(1, 2) });
    await load({ target: to, mode, rows: sampleRows(1, 3, 'wrong'), loadId: 'corrected' });
    expect(
      await load({ target: to, mode, rows: [...sampleRows(1, 1), ...sampleRows(2, 3, 'right')], loadId: 'corrected' }),
    ).toMatchObject({
      alreadyDone: false,
    });
    expect((await versionsOf(to)).map(({ id, region, current }) => [id, region, current])).toEqual([
      [1, 'north', true],
      [2, 'north', false],
      [2, 'right', true],
      [3, 'right', true],
    ]);
  });

  test('scd2 ends the version of a flagged row without a new one, and opens one when the row comes back', async () => {
    const to = target(mode);
    await load({ target: to, mode, rows: sampleRows(1, 2), deleted: {} });
    expect(
      await load({ target: to, mode, rows: [...sampleRows(1, 1), ...sampleRows(9, 9)], deleted: { 1: true, 9: true } }),
    ).toMatchObject({
      deleted: 1,
      rows: 2,
    });
    const [ended] = await versionsOf(to);
    expect(ended).toMatchObject({ id: 1, current: false, to: expect.any(Date) as Date });
    await load({ target: to, mode, rows: sampleRows(1, 1), deleted: {} });
    const [, back] = await versionsOf(to);
    expect(back).toMatchObject({ id: 1, region: 'north', current: true, to: null });
    expect(back?.from.getTime()).toBeGreaterThanOrEqual(ended?.to?.getTime() ?? Infinity);
    expect(await versionsOf(to)).toHaveLength(3);
  });

  test('scd2 without moments refuses a key that is there twice', async () => {
    const to = target(mode);
    const refused = load({ target: to, mode, rows: [...sampleRows(1, 3), ...sampleRows(2, 3, 'south')] });
    await expect(refused).rejects.toMatchObject({
      code: 'KEY_DUPLICATE',
      message: expect.stringMatching(/^2 keys \("id"\)/) as string,
    });
    expect(await versionsOf(to).catch(() => [])).toEqual([]);
  });

  test('scd2 by two loads at the same time keeps one history', async () => {
    const to = target(mode);
    await load({ target: to, mode, rows: sampleRows(1, 20) });
    await Promise.all([
      load({ target: to, mode, rows: sampleRows(1, 20, 'south') }),
      load({ target: to, mode, rows: sampleRows(1, 20, 'west') }),
    ]);
    const versions = await versionsOf(to);
    expect(versions).toHaveLength(60);
    for (const [at, { id, to: end, current }] of versions.entries()) {
      const next = versions[at + 1];
      expect(current).toBe(end === null);
      if (next?.id === id) expect(end).toEqual(next.from);
      else expect(end).toBeNull();
    }
  });
}
