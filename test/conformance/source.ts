import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CallContext, Connector, ExtractOptions, Extracted, RemoteParts } from '../../src/connectors/contract.js';
import { openLeftWorks, type Resumption } from '../../src/connectors/left-work.js';
import { TransientError } from '../../src/core/errors.js';
import type { Part } from '../../src/core/manifest.js';
import { datasetSelect } from '../../src/engine/dataset-sql.js';
import { temporaryFolder } from '../support/folder.js';
import { withContext, type ContextOptions } from './context.js';
import { REGION, sampleRows, sorted, type SampleRow } from './sample.js';

/** What the suite needs of a system. */
export interface SourceHarness {
  readonly open: () => Promise<Connector>;
  /** Makes a fresh table or file of these rows and says how to read it. */
  readonly provide: (rows: readonly SampleRow[]) => Promise<ExtractOptions>;
  /** Adds a row to it. */
  readonly change: (options: ExtractOptions, row: SampleRow) => Promise<void>;
  /** Options that name nothing there is. */
  readonly missing: ExtractOptions;
  readonly missingCode: string;
}

/** The rules of {@link Source}, one by one, for a connector's short test to call. */
export function describeSource(name: string, harness: () => SourceHarness): void {
  const rows = [...sampleRows(1, 4), ...sampleRows(5, 6, 'south'), { id: 7, region: null, amount: null }];

  describe(`${name} as a source`, () => {
    test('reads every row and value', async () => {
      const { read, extracted } = await extract(harness(), await harness().provide(rows));
      expect(extracted.columns.map((column) => column.name)).toEqual(['id', REGION, 'amount']);
      expect(read).toEqual(rows);
      expect([rows.length, null]).toContain(extracted.rows);
    });

    test('reads values with any character', async () => {
      const odd = ['comma, "quote"', 'tab\tnew\nline', "it's; --", 'żółć 🌊', '\\', '\\N', 'NULL'].map((region, at) => ({
        id: at + 1,
        region,
        amount: '1.00',
      }));
      expect((await extract(harness(), await harness().provide(odd))).read).toEqual(odd);
    });

    test('reads a source without rows', async () => {
      const { read, extracted } = await extract(harness(), await harness().provide([]));
      expect(read).toEqual([]);
      expect(extracted.columns).toHaveLength(3);
    });

    test('reads only the columns that are asked for, in their order', async () => {
      const { extracted } = await extract(harness(), { ...(await harness().provide(rows)), columns: ['amount', 'id'] });
      expect(extracted.columns.map((column) => column.name)).toEqual(['amount', 'id']);
    });

    test('reads only the rows that are asked for', async () => {
      const options = {
        ...(await harness().provide(rows)),
        where: { [REGION]: { in: ['south', 'west'] }, amount: { gt: '5.50' } },
      };
      const { read, extracted } = await extract(harness(), options);
      expect(read).toEqual(sampleRows(6, 6, 'south'));
      expect([1, null]).toContain(extracted.rows);
    });

    test('reads rows without a value where null is asked for', async () => {
      const { read } = await extract(harness(), { ...(await harness().provide(rows)), where: { [REGION]: { eq: null } } });
      expect(read.map((row) => row.id)).toEqual([7]);
    });

    test('writes only into the folder it is given, and names its files relative to it', async () => {
      const { extracted, directory } = await extract(harness(), await harness().provide(rows));
      const own = extracted.parts.filter((part) => part.path.startsWith('./')).map((part) => part.path.slice(2));
      expect(new Set(readdirSync(directory))).toEqual(new Set(own));
    });

    test('can be read again after it was interrupted', async () => {
      const options = await harness().provide(rows);
      const controller = new AbortController();
      const checkpoint = (): Promise<void> => Promise.resolve(controller.abort());
      await expect(extract(harness(), options, { controller, checkpoint })).rejects.toMatchObject({ code: 'CANCELLED' });
      expect((await extract(harness(), options)).read).toEqual(rows);
    });

    test('gives one moment of the data when it was interrupted, changed, and goes on or begins anew', async () => {
      const options = await harness().provide(rows);
      const works = openLeftWorks();
      const resumption = works.resumption('the step', 'the run', () => undefined);
      for (const point of ['extract.reading', 'extract.range']) {
        const controller = new AbortController();
        const checkpoint: ContextOptions['checkpoint'] = (reached) => {
          if (reached === point) controller.abort(new TransientError('INTERRUPTED', 'The worker lost touch with the server.'));
          return Promise.resolve();
        };
        // Where there is no such point, the extract ends.
        await extract(harness(), options, { controller, checkpoint }, resumption).catch((error: unknown) =>
          expect(error).toMatchObject({ code: 'INTERRUPTED', retryable: true }),
        );
      }
      const added = { id: 8, region: 'east', amount: '8.00' };
      await harness().change(options, added);
      const { read } = await extract(harness(), options, {}, resumption);
      expect([rows, [...rows, added]]).toContainEqual(read);
      await works.close();
    });

    test('has a fingerprint that changes with the data, or none', async () => {
      const options = await harness().provide(rows);
      const first = await fingerprint(harness(), options);
      expect(await fingerprint(harness(), options)).toBe(first);
      await harness().change(options, { id: 8, region: 'east', amount: '8.00' });
      if (first !== null) expect(await fingerprint(harness(), options)).not.toBe(first);
      expect((await extract(harness(), options)).read).toHaveLength(8);
    });

    test('names an unknown column and those there are', async () => {
      const options = await harness().provide(rows);
      for (const wrong of [{ columns: ['id', 'colour'] }, { where: { colour: { eq: 1 } } }]) {
        const refused = extract(harness(), { ...options, ...wrong });
        await expect(refused).rejects.toMatchObject({
          code: 'COLUMN_MISSING',
          message: expect.stringMatching(/"colour".*id, the "region", amount/) as string,
        });
      }
    });

    test('names what is missing', async () => {
      await expect(extract(harness(), harness().missing)).rejects.toMatchObject({
        code: harness().missingCode,
        retryable: false,
      });
    });

    test('refuses options that mean nothing to it', async () => {
      await expect(extract(harness(), {})).rejects.toMatchObject({ code: 'OPTION_INVALID' });
      await expect(extract(harness(), { path: 'a.csv', table: 'a' })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    });
  });
}

async function fingerprint(harness: SourceHarness, options: ExtractOptions): Promise<string | null> {
  const connector = await harness.open();
  return withContext(async (context) => {
    if (!connector.source) throw new Error('The connector has no source');
    return connector.source.fingerprint({ dataset: 'sample', options, directory: '' }, context);
  });
}

interface ExtractOutcome {
  readonly extracted: Extracted;
  readonly directory: string;
  /** What a reader of the dataset gets, as far as the asked columns go. */
  readonly read: SampleRow[];
}

async function extract(
  harness: SourceHarness,
  options: ExtractOptions,
  contextOptions?: ContextOptions,
  resumption?: Resumption,
): Promise<ExtractOutcome> {
  const connector = await harness.open();
  const directory = temporaryFolder();
  return withContext(async (context) => {
    if (!connector.source) throw new Error('The connector has no source');
    const request = { dataset: 'sample', options, directory, ...(resumption && { resumption }) };
    const extracted = await connector.source.extract(request, context);
    const filter = extracted.filterPending ? options.where : undefined;
    const { remote } = connector.source;
    const parts: Part[] = [];
    // As a step does that reads the dataset.
    for (const part of extracted.parts) {
      if (part.path.startsWith('./')) parts.push({ ...part, path: join(directory, part.path) });
      else if (remote === undefined) parts.push(part);
      else parts.push(await bring(remote, part, context));
    }
    const manifest = { ...EMPTY_MANIFEST, parts, columns: extracted.columns, ...(filter === undefined ? {} : { filter }) };
    const rows = await context.session.rows(`SELECT columns(*)::VARCHAR FROM (${datasetSelect(manifest, directory)})`);
    const read = rows.map((row) => ({
      id: Number(row['id']),
      region: row[REGION] as string | null,
      amount: row['amount'] as string | null,
    }));
    return { extracted, directory, read: sorted(read) };
  }, contextOptions);
}

async function bring(remote: RemoteParts, part: Part, context: CallContext): Promise<Part> {
  await remote.verify(part, context.signal);
  return { ...part, path: await remote.place(part, context) };
}

/** A manifest without rows, to be filled with the parts and columns of an extract. */
export const EMPTY_MANIFEST = {
  version: 1 as const,
  name: 'sample',
  key: '',
  content: '',
  createdAt: '',
  rows: null,
  bytes: 0,
  schema: '',
  parents: [],
  reproducible: true,
  engine: '',
};
