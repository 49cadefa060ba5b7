import { describe, expect, test } from 'vitest';
import type { LoadResult } from '../../src/core/load.js';
import type { CheckpointName, Connector, DestinationCapabilities, LoadRequest } from '../../src/connectors/contract.js';
import { withContext, type ContextOptions } from './context.js';
import { loadRequest, sampleRows, sorted, type SampleLoad, type SampleRow } from './sample.js';

/** What the suite needs of a system. */
export interface DestinationHarness {
  readonly capabilities: DestinationCapabilities;
  readonly open: () => Promise<Connector>;
  /** A target that does not exist yet, fit for loads of that mode. */
  readonly newTarget: (mode: LoadRequest['mode'], partitioned: boolean) => string;
  /** The target's rows as any other reader sees them in this moment; none when it does not exist. */
  readonly read: (target: string) => Promise<SampleRow[]>;
}

/** The rules of {@link Destination}, one by one, for a connector's short test to call. */
export function describeDestination(
  name: string,
  harness: () => DestinationHarness,
  capabilities: DestinationCapabilities,
): void {
  const load = (request: SampleLoad, options?: ContextOptions): Promise<LoadResult> =>
    runLoad(harness(), loadRequest(request), options);
  const target = (mode: LoadRequest['mode'], partitioned = false): string => harness().newTarget(mode, partitioned);
  const rowsOf = async (of: string): Promise<SampleRow[]> => sorted(await harness().read(of));

  describe(`${name} as a destination`, () => {
    test('says what it can', async () => {
      const connector = await harness().open();
      expect(connector.destination?.capabilities).toEqual(capabilities);
      await connector.close();
    });

    for (const mode of capabilities.modes) {
      describeMode(mode, { load, target, rowsOf, harness });
      describeInterruption(mode, { load, target, rowsOf, harness });
    }
    if (capabilities.modes.includes('append')) describeAppend({ load, target, rowsOf, harness });
    if (capabilities.modes.includes('replace')) describeReplace({ load, target, rowsOf, harness });
    if (capabilities.partitions) describePartitions({ load, target, rowsOf, harness });
    if (capabilities.modes.includes('merge')) describeMerge({ load, target, rowsOf, harness });
  });
}

interface Tools {
  readonly load: (request: SampleLoad, options?: ContextOptions) => Promise<LoadResult>;
  readonly target: (mode: LoadRequest['mode'], partitioned?: boolean) => string;
  readonly rowsOf: (target: string) => Promise<SampleRow[]>;
  readonly harness: () => DestinationHarness;
}

async function runLoad(harness: DestinationHarness, request: LoadRequest, options?: ContextOptions): Promise<LoadResult> {
  const connector = await harness.open();
  try {
    return await withContext(async (context) => {
      const { destination } = connector;
      if (!destination) throw new Error('The connector has no destination');
      return destination.load(request, context);
    }, options);
  } finally {
    await connector.close();
  }
}

function describeMode(mode: LoadRequest['mode'], { load, target, rowsOf, harness }: Tools): void {
  test(`${mode} makes a missing target and fills it`, async () => {
    const to = target(mode);
    const result = await load({ target: to, mode, rows: sampleRows(1, 3) });
    expect(result).toMatchObject({ mode, rows: 3, replaced: 0, alreadyDone: false, created: true });
    expect(result.target).toMatch(/^depot\./);
    expect(await rowsOf(to)).toEqual(sampleRows(1, 3));
  });

  test(`${mode} of the same load and content again changes nothing`, async () => {
    const to = target(mode);
    await load({ target: to, mode, rows: sampleRows(1, 3), loadId: `twice-${mode}` });
    const again = await load({ target: to, mode, rows: sampleRows(1, 3), loadId: `twice-${mode}` });
    expect(again).toMatchObject({ rows: 3, alreadyDone: true, created: false });
    expect(await rowsOf(to)).toEqual(sampleRows(1, 3));
  });

  test(`${mode} twice at the same time ends in one load`, async () => {
    const to = target(mode);
    const request = { target: to, mode, rows: sampleRows(1, 50), loadId: `together-${mode}` };
    const results = await Promise.all([load(request), load(request)]);
    expect(results.filter((result) => result.alreadyDone)).toHaveLength(1);
    expect(await rowsOf(to)).toEqual(sampleRows(1, 50));
  });

  test(`${mode} of no rows is a load like any other`, async () => {
    const to = target(mode);
    expect(await load({ target: to, mode, rows: [], loadId: `empty-${mode}` })).toMatchObject({ rows: 0, alreadyDone: false });
    expect(await load({ target: to, mode, rows: [], loadId: `empty-${mode}` })).toMatchObject({ rows: 0, alreadyDone: true });
    expect(await rowsOf(to)).toEqual([]);
  });

  test(`${mode} keeps every character, and tells nothing from empty`, async () => {
    const odd = [
      '',
      null,
      ' ',
      'comma, "quote" and \\ backslash',
      'tab\tnew\nline\r\n',
      "it's; --",
      '\b',
      '\\N',
      'NULL',
      'żółć 🌊 é',
    ];
    const rows = odd.map((region, at) => ({ id: at + 1, region, amount: at === 0 ? null : '-0.01' }));
    const to = target(mode);
    await load({ target: to, mode, rows });
    expect(await rowsOf(to)).toEqual(rows);
  });

  test(`${mode} refuses to commit another number of rows than were staged`, async () => {
    const to = target(mode);
    await load({ target: to, mode, rows: sampleRows(1, 2) });
    const request = { ...loadRequest({ target: to, mode, rows: sampleRows(3, 5) }), rows: 4 };
    await expect(runLoad(harness(), request)).rejects.toMatchObject({ code: 'ROWS_LOST', retryable: true });
    expect(await rowsOf(to)).toEqual(sampleRows(1, 2));
  });
}

function describeInterruption(mode: LoadRequest['mode'], { load, target, rowsOf }: Tools): void {
  const before = mode === 'replace' ? [] : sampleRows(1, 2);

  for (const place of ['load.copied', 'load.before-commit'] as const) {
    test(`${mode} shows nothing at ${place}, and cancelled there leaves nothing behind`, async () => {
      const to = target(mode);
      await load({ target: to, mode, rows: sampleRows(1, 2) });
      const request = { target: to, mode, rows: sampleRows(3, 6), loadId: `${mode}-${place}` };
      const seen: SampleRow[][] = [];
      await expect(
        load(
          request,
          abortAt(place, async () => void seen.push(await rowsOf(to))),
        ),
      ).rejects.toMatchObject({ code: 'CANCELLED' });
      expect(seen).toEqual([sampleRows(1, 2)]);
      expect(await rowsOf(to)).toEqual(sampleRows(1, 2));
      expect(await load(request)).toMatchObject({ rows: 4, alreadyDone: false });
      expect(await rowsOf(to)).toEqual([...before, ...sampleRows(3, 6)]);
    });
  }

  test(`${mode} interrupted right after its commit is found done`, async () => {
    const to = target(mode);
    const request = { target: to, mode, rows: sampleRows(1, 4), loadId: `${mode}-committed` };
    await expect(
      load(
        request,
        abortAt('load.committed', () => Promise.reject(new Error('killed'))),
      ),
    ).rejects.toThrow('killed');
    expect(await rowsOf(to)).toEqual(sampleRows(1, 4));
    expect(await load(request)).toMatchObject({ rows: 4, alreadyDone: true });
    expect(await rowsOf(to)).toEqual(sampleRows(1, 4));
  });
}

function abortAt(place: CheckpointName, first: () => Promise<void>): ContextOptions {
  const controller = new AbortController();
  return {
    controller,
    checkpoint: async (name) => {
      if (name !== place) return;
      await first();
      controller.abort();
    },
  };
}

function describeAppend({ load, target, rowsOf }: Tools): void {
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

function describeReplace({ load, target, rowsOf }: Tools): void {
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

function describePartitions({ load, target, rowsOf }: Tools): void {
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

function describeMerge({ load, target, rowsOf }: Tools): void {
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
