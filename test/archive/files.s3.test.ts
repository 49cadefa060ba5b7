import { chmodSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { archiveKey, runIdOfKey } from '../../src/archive/document.js';
import type { ArchiveFiles } from '../../src/archive/files.js';
import { openArchive } from '../../src/archive/open-archive.js';
import { temporaryFolder } from '../support/folder.js';
import { createTestBucket } from '../support/s3.js';

const RUN = '01a2246d-9f9d-7634-9f80-3a13f7c598d9';
const KEY = archiveKey(RUN);

async function content(files: ArchiveFiles): Promise<string | undefined> {
  const found = await files.read(KEY);
  return found && text(found);
}

async function keys(files: ArchiveFiles): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of files.list()) found.push(key);
  return found;
}

/** Breaks off after its first bytes, as Temporal may in the middle of a history. */
function broken(): Readable {
  return Readable.from(
    (function* () {
      yield 'half';
      throw new Error('the server went away');
    })(),
  );
}

const PLACES = {
  'a folder': async () => openArchive({ root: path.join(temporaryFolder(), 'deep', 'archive') }, temporaryFolder()),
  'a bucket': async () => {
    const { root, s3 } = await createTestBucket();
    return openArchive({ root: `${root}/archive`, s3 }, temporaryFolder());
  },
};

describe.each(Object.entries(PLACES))('an archive in %s', (_, open) => {
  test('keeps what was written last, whole, and gives it up when it is told to', async () => {
    const files = await open();
    expect([await content(files), await keys(files)]).toEqual([undefined, []]);
    expect(await files.write(KEY, Readable.from(['one', 'two']))).toBe(6);
    expect(await files.write(KEY, Readable.from(['three']))).toBe(5);
    expect([await content(files), await keys(files)]).toEqual(['three', [KEY]]);
    await expect(files.write(KEY, broken())).rejects.toThrow('the server went away');
    expect([await content(files), await keys(files)]).toEqual(['three', [KEY]]);
    expect(await files.remove(KEY)).toBe(true);
    expect(await files.remove(KEY)).toBe(false);
    expect([await content(files), await keys(files)]).toEqual([undefined, []]);
    await files.close();
  });
});

test('a place is of one run, and nothing else is taken for one', () => {
  expect(runIdOfKey(KEY)).toBe(RUN);
  expect(['histories/d9/notes.txt', 'other/d9/x.json.gz', `${KEY}.part`].map(runIdOfKey)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test('what a killed writer has left is not listed, and goes after a day', async () => {
  const root = temporaryFolder();
  const files = openArchive({ root }, temporaryFolder());
  await files.write(KEY, Readable.from(['one']));
  const folder = path.dirname(path.join(root, KEY));
  for (const name of ['young.part', 'old.part']) writeFileSync(path.join(folder, name), 'half');
  const longAgo = new Date(Date.now() - 2 * 86_400_000);
  utimesSync(path.join(folder, 'old.part'), longAgo, longAgo);
  expect(await keys(files)).toEqual([KEY]);
  expect(readdirSync(folder).toSorted()).toEqual([path.basename(KEY), 'young.part']);
});

test('a folder that is none, and options that do not fit, are told of by name', async () => {
  const file = path.join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  chmodSync(file, 0o600);
  const files = openArchive({ root: path.join(file, 'archive') }, temporaryFolder());
  await expect(files.write(KEY, Readable.from(['one']))).rejects.toMatchObject({ code: 'ARCHIVE_DENIED' });
  expect(() => openArchive({ root: '/somewhere', s3: {} }, '/tmp')).toThrow(/archive\.s3 only goes with a root s3:/);
  expect(() => openArchive({ root: 's3://', s3: { secretAccessKey: 'hidden' } }, '/tmp')).toThrow(/archive\.root: must be s3:/);
});
