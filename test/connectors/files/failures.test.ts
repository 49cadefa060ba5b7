import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import type { ExtractOptions, Extracted } from '../../../src/connectors/contract.js';
import { openConnector } from '../../../src/connectors/registry.js';
import { verifyParts } from '../../../src/engine/part-files.js';
import { withContext } from '../../conformance/context.js';
import { loadRequest, sampleRows } from '../../conformance/sample.js';
import { temporaryFolder } from '../../support/folder.js';

const outside = mkdtempSync(join(tmpdir(), 'millrace-test-outside-'));
const root = join(outside, 'root');
mkdirSync(join(root, 'folder'), { recursive: true });
afterAll(() => rmSync(outside, { recursive: true, force: true }));

const write = (name: string, content: string | Buffer): void => writeFileSync(join(root, name), content);
const long = `id,name\n${Array.from({ length: 40_000 }, (_, at) => `${at},name ${at * 7919}`).join('\n')}\n`;
const gzip = gzipSync(long);

write('empty.csv', '');
write('blank.csv', ' \n\n');
write('nothing.parquet', '');
write('text.parquet', 'id,name\n1,a\n');
write('cut.csv.gz', gzip.subarray(0, gzip.length - 9));
write('half.csv.gz', gzip.subarray(0, gzip.length >> 1));
write('plain.csv.gz', 'id,name\n1,a\n');
write('utf16.csv', Buffer.from('\uFEFFid,name\n1,a\n', 'utf16le'));
write('binary.csv', Buffer.from([1, 0, 2, 0, 3]));
write('nameless.csv', 'id,,name\n1,2,3\n');
write('twice.csv', 'id,name,ID\n1,2,3\n');
write('odd.xml', '{}');
write('a-1.csv', 'id,name\n1,a\n');
write('a-2.csv', 'name,id\nb,2\n');
write('b-1.csv', 'id,name\n1,a\n');
write('b-2.csv', 'id,title\n1,a\n');
writeFileSync(join(outside, 'secret.csv'), 'id\n1\n');
symlinkSync(join(outside, 'secret.csv'), join(root, 'link.csv'));
symlinkSync(join(root, 'round.csv'), join(root, 'round.csv'));
await withContext(async ({ session }) => {
  await session.run(`COPY (SELECT range AS id FROM range(100000)) TO '${join(root, 'cut.parquet')}' (FORMAT parquet)`);
  await session.run(`COPY (SELECT 1 AS id, 'x' AS m) TO '${join(root, 'types-1.parquet')}' (FORMAT parquet)`);
  await session.run(`COPY (SELECT 'one' AS id, 'x' AS m) TO '${join(root, 'types-2.parquet')}' (FORMAT parquet)`);
});
truncateSync(join(root, 'cut.parquet'), 100_000);
// One row, by pyarrow: amount decimal256(50,1) = 1234567890123456789012345678901234567890.5.
write(
  'precise.parquet',
  Buffer.from(
    'UEFSMRUAFTYVNiwVAhUAFQYVBhwAAAACAAAAAgEAAAAAJEfbRJmIl4U2v1u75A52bDkVBBksNQAYBnNjaGVtYRUCABUOFSoVAhgGYW1vdW50JQoVAhVkLFwVAhVkAAAAFgIZHBkcJgAcFQ4ZJQYAGRgGYW1vdW50FQAWAhZcFlwmCEkcFQAVABUCADwpBhkmAAIAAAAWXBYCJggWXAAoIHBhcnF1ZXQtY3BwLWFycm93IHZlcnNpb24gMjYuMC4xGRwcAAAAlAAAAFBBUjE=',
    'base64',
  ),
);

async function extract(options: ExtractOptions): Promise<Extracted> {
  const connector = await openConnector('files', 'lake', { root });
  const directory = temporaryFolder();
  return withContext((context) => {
    if (!connector.source) throw new Error('The connector has no source');
    return connector.source.extract({ dataset: 'd', options, directory }, context);
  });
}

test.each([
  [{ path: 'nowhere.csv' }, 'FILE_MISSING', /"nowhere\.csv" in connection "lake"/],
  [{ path: 'nowhere-*.csv' }, 'FILE_MISSING', /No file matches "nowhere-\*\.csv"/],
  [{ path: 'folder' }, 'FILE_MISSING', /is a folder, not a file.*folder\/\*/],
  [{ path: 'round.csv' }, 'FILE_MISSING', /leads to itself/],
  [{ path: '../secret.csv' }, 'FILE_OUTSIDE_ROOT', /"\.\.\/secret\.csv"/],
  [{ path: '/etc/passwd', format: 'csv' }, 'FILE_OUTSIDE_ROOT', /\/etc\/passwd/],
  [{ path: 'link.csv' }, 'FILE_OUTSIDE_ROOT', /"link\.csv"/],
  [{ path: '../*.csv' }, 'FILE_OUTSIDE_ROOT', /root folder/],
  [{ path: 'empty.csv' }, 'FILE_EMPTY', /0 bytes/],
  [{ path: 'nothing.parquet' }, 'FILE_EMPTY', /0 bytes/],
  [{ path: 'precise.parquet' }, 'FILE_FORMAT', /"precise\.parquet".*"amount".*50 digits/],
  [{ path: 'blank.csv' }, 'FILE_EMPTY', /no header/],
  [{ path: 'cut.csv.gz' }, 'FILE_FORMAT', /truncated or damaged after \d+ decompressed bytes/],
  [{ path: 'half.csv.gz' }, 'FILE_FORMAT', /truncated or damaged/],
  [{ path: 'plain.csv.gz' }, 'FILE_FORMAT', /not a gzip file/],
  [{ path: 'cut.parquet' }, 'FILE_FORMAT', /"cut\.parquet".*not a whole Parquet file \(100000 bytes\)/],
  [{ path: 'text.parquet' }, 'FILE_FORMAT', /not a whole Parquet file/],
  [{ path: 'types-1.parquet', format: 'csv' }, 'FILE_FORMAT', /it is a Parquet file/],
  [{ path: 'utf16.csv' }, 'FILE_FORMAT', /UTF-16.*iconv/],
  [{ path: 'binary.csv' }, 'FILE_FORMAT', /NUL bytes/],
  [{ path: 'nameless.csv' }, 'FILE_HEADER', /line 1: column 2 has no name/],
  [{ path: 'twice.csv' }, 'FILE_HEADER', /"ID" is there twice/],
  [{ path: 'b-*.csv' }, 'FILE_HEADER', /"b-2\.csv".*"name" is missing, "title" is extra/],
  [{ path: 'types-*.parquet' }, 'FILE_HEADER', /"types-2\.parquet".*"id" is VARCHAR, not INTEGER/],
  [{ path: 'odd.xml' }, 'OPTION_INVALID', /format: 'csv'/],
  [{ path: 'types-1.parquet', where: { id: { gte: 'x' } } }, 'OPTION_INVALID', /`where` does not fit/],
] as const)('%j is refused for good, with the file and what to do', async (options, code, message) => {
  await expect(extract(options)).rejects.toMatchObject({
    code,
    retryable: false,
    message: expect.stringMatching(message) as string,
  });
});

test.each([
  ['comma.csv', 'a,b\n1,2\n', ',', '"', '"', ['a', 'b']],
  ['semicolon.csv', 'a;"b;c"\n1;2,5\n', ';', '"', '"', ['a', 'b;c']],
  ['tab.tsv', 'a\tb\n1\t2\n', '\t', '"', '"', ['a', 'b']],
  ['bar.txt', 'a|b\n1|2\n', '|', '"', '"', ['a', 'b']],
  ['quotes.csv', "'a','b'\n'1','2'\n", ',', "'", "'", ['a', 'b']],
  ['one.csv', 'a\n1\n', ',', '"', '"', ['a']],
  ['bom.csv', '\uFEFFa,b\n1,2\n', ',', '"', '"', ['a', 'b']],
  ['lines.csv', '"a\nb",c\r\n1,2\r\n', ',', '"', '"', ['a\nb', 'c']],
  ['no-end.csv', 'a,b', ',', '"', '"', ['a', 'b']],
  ['backslash.csv', 'a,b\n1,"say \\"hi\\", twice"\n2,"\\"x\\""\n', ',', '"', '\\', ['a', 'b']],
  // The header alone decides: neither malformed lines nor numbers in it lead astray.
  [
    'dirty.csv',
    'id,name,made\n1,a\n2,b,2001-01-01,extra,more\n"3,c\n;;;;;;\n4,d,2001-01-02\n',
    ',',
    '"',
    '"',
    ['id', 'name', 'made'],
  ],
  ['years.csv', 'id,2001,2002\nx,1,2\n', ',', '"', '"', ['id', '2001', '2002']],
] as const)('the dialect of %s is found in its first line', async (name, content, delimiter, quote, escape, columns) => {
  write(name, content);
  const { parts } = await extract({ path: name });
  expect(parts[0]?.csv).toEqual({ delimiter, quote, escape, columns, headerLines: 1, compression: 'none' });
});

test('files of one pattern may differ in the order of columns', async () => {
  const { parts, columns } = await extract({ path: 'a-*.csv' });
  expect(parts.map((part) => part.origin)).toEqual(['a-1.csv', 'a-2.csv']);
  expect(columns.map((column) => column.name)).toEqual(['id', 'name']);
});

test('patterns reach into folders and leave hidden files and ledgers alone', async () => {
  for (const name of [
    'deep/2001/x.csv',
    'deep/2002/y.csv',
    'deep/z.csv',
    'deep/.hidden.csv',
    'deep/_millrace/w.csv',
    'deep/a[1].csv',
  ]) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    write(name, 'id\n1\n');
  }
  const found = async (path: string): Promise<(string | undefined)[]> =>
    (await extract({ path })).parts.map((part) => part.origin);
  expect(await found('deep/**/*.csv')).toEqual(['deep/2001/x.csv', 'deep/2002/y.csv', 'deep/a[1].csv', 'deep/z.csv']);
  expect(await found('deep/*/?.csv')).toEqual(['deep/2001/x.csv', 'deep/2002/y.csv']);
  expect(await found('deep/{2001,2003}/*.csv')).toEqual(['deep/2001/x.csv']);
  expect(await found('deep/200[!1]/*')).toEqual(['deep/2002/y.csv']);
  expect(await found('deep/a[1].csv')).toEqual(['deep/a[1].csv']);
});

test('a file in place that has changed or gone is named, with what it was', async () => {
  write('moving.csv', 'id\n1\n');
  const { parts } = await extract({ path: 'moving.csv' });
  await verifyParts(parts, root);
  write('moving.csv', 'id\n1\n2\n');
  await expect(verifyParts(parts, root)).rejects.toMatchObject({
    code: 'FILE_CHANGED',
    message: expect.stringMatching(/"moving\.csv".*it was 5 bytes of .*it is 7 bytes/) as string,
  });
  rmSync(join(root, 'moving.csv'));
  await expect(verifyParts(parts, root)).rejects.toMatchObject({
    code: 'FILE_MISSING',
    message: expect.stringContaining('moving.csv') as string,
  });
});

test('a load that was killed is taken up: its lock and its unfinished file are cleared away', async () => {
  const request = loadRequest({ target: 'killed.parquet', mode: 'replace', rows: sampleRows(1, 3), loadId: 'killed' });
  const connector = await openConnector('files', 'lake', { root });
  const attempt = (checkpoint: () => Promise<void>) =>
    withContext((context) => Promise.resolve(connector.destination?.load(request, context)), { checkpoint });
  // What a SIGKILL between the ledger's entry and the rename leaves behind, copied while a live load stands there.
  const left = join(root, '_millrace');
  const snapshot = new Map<string, Buffer>();
  await attempt(() => {
    if (snapshot.size < 3) for (const name of readdirSync(left)) snapshot.set(name, readFileSync(join(left, name)));
    return Promise.resolve();
  });
  rmSync(join(root, 'killed.parquet'));
  for (const name of readdirSync(left)) rmSync(join(left, name));
  for (const [name, content] of snapshot)
    writeFileSync(join(left, name), name.endsWith('.lock') ? content.toString().replace(/ \d+ /, ' 999999999 ') : content);
  expect(new Set([...snapshot.keys()].map((name) => name.split('.').at(-1)))).toEqual(new Set(['json', 'lock', 'tmp']));
  expect(await attempt(() => Promise.resolve())).toMatchObject({ rows: 3, alreadyDone: false });
  expect(readdirSync(left)).toEqual([expect.stringMatching(/^[0-9a-f]{24}\.json$/), 'manifest.json']);
});

test.each([
  [{ target: '../out.parquet', mode: 'replace' }, 'FILE_OUTSIDE_ROOT'],
  [{ target: 'link-folder/out.parquet', mode: 'replace' }, 'FILE_OUTSIDE_ROOT'],
  [{ target: 'out.json', mode: 'replace' }, 'OPTION_INVALID'],
  [{ target: 'out.parquet', mode: 'merge' }, 'CAPABILITY_MISSING'],
] as const)('a load of %j is refused', async (load, code) => {
  symlinkSync(outside, join(root, 'link-folder'), 'dir');
  try {
    const connector = await openConnector('files', 'lake', { root });
    const attempt = withContext((context) =>
      Promise.resolve(connector.destination?.load(loadRequest({ ...load, rows: sampleRows(1, 1) }), context)),
    );
    await expect(attempt).rejects.toMatchObject({ code, retryable: false });
  } finally {
    rmSync(join(root, 'link-folder'));
  }
});

test('a connection is checked by its folder', async () => {
  const check = (folder: string) =>
    withContext(async (context) => (await openConnector('files', 'lake', { root: folder })).check(context));
  expect(await check(root)).toBe(`folder ${root}`);
  await expect(check(join(root, 'nowhere'))).rejects.toMatchObject({ code: 'FILE_MISSING' });
  await expect(openConnector('files', 'lake', { root: 'relative' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await expect(openConnector('mysql', 'lake', {})).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('files, postgres') as string,
  });
});
