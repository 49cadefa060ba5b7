import { expect, test } from 'vitest';
import type { Tools } from './destination-tools.js';
import { sampleRows } from './sample.js';

export function describeAppend({ load, target, rowsOf }: Tools): void {
  const mode = 'append';

  test('append adds to what other loads have added', async () => {
    const to = target(mode);
    await load({ target: to, mode, rows: sampleRows(1, 2) });
    expect(await load({ target: to, mode, rows: sampleRows(3, 4) })).toMatchObject({ replaced: 0, created: false });
    expect(await rowsOf(to)).toEqual(sampleRows(1, 4));
  });

  test('append of the same load with other content first undoes the earlier one', async () => {
    const to = target(mode);
    await load({ target: to, mode, rows: sampleRows(1, 2) });
    await load({ target: to, mode, rows: sampleRows(10, 12), loadId: 'changed' });
    expect(await load({ target: to, mode, rows: sampleRows(20, 21), loadId: 'changed' })).toMatchObject({ rows: 2, replaced: 3 });
    expect(await rowsOf(to)).toEqual([...sampleRows(1, 2), ...sampleRows(20, 21)]);
  });

  test('append by a new run of the same partition takes the place of the earlier load', async () => {
    const to = target(mode);
    await load({ target: to, mode, rows: sampleRows(1, 2), runPartition: '2001-01' });
    await load({ target: to, mode, rows: sampleRows(10, 12), runPartition: '2001-02' });
    expect(await load({ target: to, mode, rows: sampleRows(20, 23), runPartition: '2001-02' })).toMatchObject({
      rows: 4,
      replaced: 3,
    });
    expect(await rowsOf(to)).toEqual([...sampleRows(1, 2), ...sampleRows(20, 23)]);
  });

  test('append by two runs of one partition at the same time holds the partition once', async () => {
    const to = target(mode);
    await Promise.all([
      load({ target: to, mode, rows: sampleRows(1, 20), runPartition: '2001-01' }),
      load({ target: to, mode, rows: sampleRows(101, 120), runPartition: '2001-01' }),
      load({ target: to, mode, rows: sampleRows(201, 220), runPartition: '2001-02' }),
    ]);
    const rows = await rowsOf(to);
    expect(rows).toHaveLength(40);
    expect(rows.slice(-20)).toEqual(sampleRows(201, 220));
    expect([sampleRows(1, 20), sampleRows(101, 120)]).toContainEqual(rows.slice(0, 20));
  });
}

export function describeReplace({ load, target, rowsOf }: Tools): void {
  const mode = 'replace';

  test('replace puts the rows in place of all others', async () => {
    const to = target(mode);
    await load({ target: to, mode, rows: sampleRows(1, 5) });
    expect(await load({ target: to, mode, rows: sampleRows(3, 4) })).toMatchObject({ rows: 2, replaced: 5, created: false });
    expect(await rowsOf(to)).toEqual(sampleRows(3, 4));
  });

  test('replace of the same load with other content applies again', async () => {
    const to = target(mode);
    await load({ target: to, mode, rows: sampleRows(1, 5), loadId: 'again' });
    expect(await load({ target: to, mode, rows: sampleRows(7, 8), loadId: 'again' })).toMatchObject({ alreadyDone: false });
    expect(await rowsOf(to)).toEqual(sampleRows(7, 8));
  });

  test('replace by two loads at the same time leaves exactly one of them', async () => {
    const to = target(mode);
    await Promise.all([
      load({ target: to, mode, rows: sampleRows(1, 30) }),
      load({ target: to, mode, rows: sampleRows(101, 130) }),
    ]);
    expect([sampleRows(1, 30), sampleRows(101, 130)]).toContainEqual(await rowsOf(to));
  });
}

export function describePartitions({ load, target, rowsOf }: Tools): void {
  const mode = 'replace';

  test('replace of a partition leaves the other rows alone', async () => {
    const to = target(mode, true);
    await load({ target: to, mode, rows: sampleRows(1, 2, 'north'), region: 'north' });
    await load({ target: to, mode, rows: sampleRows(11, 13, 'so/u th='), region: 'so/u th=' });
    expect(await load({ target: to, mode, rows: sampleRows(21, 21, 'north'), region: 'north' })).toMatchObject({
      rows: 1,
      replaced: 2,
      created: false,
    });
    expect(await rowsOf(to)).toEqual([...sampleRows(11, 13, 'so/u th='), ...sampleRows(21, 21, 'north')]);
  });

  test('replace of a partition refuses rows of another one, and changes nothing', async () => {
    const to = target(mode, true);
    await load({ target: to, mode, rows: sampleRows(1, 2, 'north'), region: 'north' });
    const rows = [...sampleRows(3, 3, 'north'), ...sampleRows(4, 5, 'south'), { id: 6, region: null, amount: null }];
    const refused = load({ target: to, mode, rows, region: 'north' });
    await expect(refused).rejects.toMatchObject({
      code: 'PARTITION_MISMATCH',
      message: expect.stringContaining('3 of 4 rows') as string,
    });
    expect(await rowsOf(to)).toEqual(sampleRows(1, 2, 'north'));
  });

  test('replace of one partition by two loads at once leaves one of them, other partitions go on beside it', async () => {
    const to = target(mode, true);
    await Promise.all([
      load({ target: to, mode, rows: sampleRows(1, 20, 'north'), region: 'north' }),
      load({ target: to, mode, rows: sampleRows(101, 120, 'north'), region: 'north' }),
      load({ target: to, mode, rows: sampleRows(201, 220, 'south'), region: 'south' }),
    ]);
    const rows = await rowsOf(to);
    expect(rows).toHaveLength(40);
    expect(rows.slice(-20)).toEqual(sampleRows(201, 220, 'south'));
    expect([sampleRows(1, 20, 'north'), sampleRows(101, 120, 'north')]).toContainEqual(rows.slice(0, 20));
  });
}

export function describeMerge({ load, target, rowsOf }: Tools): void {
  const mode = 'merge';

  test('merge updates rows by key and adds the others', async () => {
    const to = target(mode);
    await load({ target: to, mode, rows: sampleRows(1, 3) });
    expect(await load({ target: to, mode, rows: sampleRows(3, 5, 'south') })).toMatchObject({
      rows: 3,
      replaced: 1,
      created: false,
    });
    expect(await rowsOf(to)).toEqual([...sampleRows(1, 2), ...sampleRows(3, 5, 'south')]);
  });

  test('merge of the same load with other content applies again', async () => {
    const to = target(mode);
    await load({ target: to, mode, rows: sampleRows(1, 3), loadId: 'merge-again' });
    expect(await load({ target: to, mode, rows: sampleRows(2, 4, 'south'), loadId: 'merge-again' })).toMatchObject({
      alreadyDone: false,
    });
    expect(await rowsOf(to)).toEqual([...sampleRows(1, 1), ...sampleRows(2, 4, 'south')]);
  });

  test('merge refuses a key that is there twice, and says how many', async () => {
    const to = target(mode);
    const refused = load({ target: to, mode, rows: [...sampleRows(1, 3), ...sampleRows(2, 3, 'south')] });
    await expect(refused).rejects.toMatchObject({
      code: 'KEY_DUPLICATE',
      message: expect.stringMatching(/^2 keys \("id"\)/) as string,
    });
    expect(await rowsOf(to)).toEqual([]);
  });

  test('merge by two loads at the same time applies both', async () => {
    const to = target(mode);
    await Promise.all([
      load({ target: to, mode, rows: sampleRows(1, 200) }),
      load({ target: to, mode, rows: sampleRows(101, 300) }),
    ]);
    expect(await rowsOf(to)).toEqual(sampleRows(1, 300));
  });
}
