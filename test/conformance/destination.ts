import { describe, expect, test } from 'vitest';
import type { LoadResult } from '../../src/core/load.js';
import type { CheckpointName, DestinationCapabilities, LedgerLoad, LoadRequest } from '../../src/connectors/contract.js';
import { withContext, type ContextOptions } from './context.js';
import { describeAppend, describeMerge, describePartitions, describeReplace } from './destination-modes.js';
import { describeDeletes, describeVersions } from './destination-versions.js';
import type { DestinationHarness, Tools } from './destination-tools.js';
import { loadRequest, sampleRows, sorted, type SampleRow } from './sample.js';

/** The rules of {@link Destination}, one by one, for a connector's short test to call. */
export function describeDestination(
  name: string,
  harness: () => DestinationHarness,
  capabilities: DestinationCapabilities,
): void {
  const { load, target, rowsOf } = toolsOf(harness);
  describe(`${name} as a destination`, () => {
    test('says what it can', async () => {
      const connector = await harness().open();
      expect(connector.destination?.capabilities).toEqual(capabilities);
      await connector.close();
    });

    describeLedger({ load, target, rowsOf, harness }, capabilities.modes[0]);
    for (const mode of capabilities.modes) {
      describeMode(mode, { load, target, rowsOf, harness });
      describeInterruption(mode, { load, target, rowsOf, harness });
    }
    if (capabilities.modes.includes('append')) describeAppend({ load, target, rowsOf, harness });
    if (capabilities.modes.includes('replace')) describeReplace({ load, target, rowsOf, harness });
    if (capabilities.partitions) describePartitions({ load, target, rowsOf, harness });
    if (capabilities.modes.includes('merge')) describeMerge({ load, target, rowsOf, harness });
    if (capabilities.deletes) describeDeletes({ load, target, rowsOf, harness });
    if (capabilities.modes.includes('scd2')) describeVersions({ load, target, rowsOf, harness });
  });
}

/** What the rules are tested with, over what a system gives. */
export function toolsOf(harness: () => DestinationHarness): Tools {
  return {
    load: (request, options) => runLoad(harness(), loadRequest(request), options),
    target: (mode, partitioned = false) => harness().newTarget(mode, partitioned),
    rowsOf: async (of) => sorted(await harness().read(of)),
    harness,
  };
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

function describeLedger({ load, target, harness }: Tools, mode: LoadRequest['mode'] = 'replace'): void {
  test('its ledger tells of each load once, as the load itself told', async () => {
    const done = await load({ target: target(mode), mode, rows: sampleRows(1, 3), loadId: 'in the ledger' });
    const other = await load({ target: target(mode), mode, rows: sampleRows(1, 4), loadId: 'in the ledger, too' });
    const connector = await harness().open();
    try {
      const loads: LedgerLoad[] = [];
      for await (const each of connector.destination?.ledger?.() ?? []) loads.push(each);
      const told = loads.filter((each) => each.loadId === done.loadId && each.target === done.target);
      expect(told).toMatchObject([{ mode, rows: 3, content: expect.any(String) as string }]);
      expect(Math.abs(Date.parse(told[0]?.committedAt ?? '') - Date.now())).toBeLessThan(60_000);
      expect(loads.filter((each) => each.target === other.target)).toHaveLength(1);
    } finally {
      await connector.close();
    }
  });
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

/** Aborts a load at a checkpoint, after `first`. */
export function abortAt(place: CheckpointName, first: () => Promise<void>): ContextOptions {
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
