import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { ExtractOptions } from '../../../src/connectors/contract.js';
import { openConnector } from '../../../src/connectors/registry.js';
import { messageOf } from '../../../src/core/errors.js';
import { withContext } from '../../conformance/context.js';
import { temporaryFolder } from '../../support/folder.js';
import { extractJson } from './extract-json.js';

async function refusal(content: string | Buffer, name = 'records.ndjson', options: ExtractOptions = {}): Promise<string> {
  const error: unknown = await extractJson({ [name]: content }, options).then(
    () => new Error('It was not refused'),
    (refused: unknown) => refused,
  );
  return `${(error as { code?: string }).code}: ${messageOf(error)}`;
}

describe('what is not JSON is refused, with its place', () => {
  const cases: [string, string | Buffer, RegExp][] = [
    [
      'a cut line',
      '{"a":1}\n{"a":\n{"a":2}\n',
      /line 4, column 1: the file ends in the middle of a value \(in the object that begins in line 2\)/,
    ],
    ['a file that ends in an object', '{"a":1}\n{"a":"x', /line 2, column 8: the file ends in the middle of a value/],
    ['a list that is not closed', '[{"a":1},\n{"a":2}', /line 2, column 8: the file ends before its list does/],
    ['a text that is not closed', '{"a":"x\n{"a":2}\n', /line 1, column 8: a text is not closed on its line/],
    ['a comma too many', '{"a":1,}\n', /line 1, column 8: a key in double quotes is expected here/],
    ['a comma too many in a list', '{"a":[1,]}\n', /line 1, column 9: a value is expected here/],
    ['no comma', '{"a":1 "b":2}\n', /line 1, column 8: a comma or } is expected here/],
    ['no colon', '{"a" 1}\n', /line 1, column 6: a colon is expected after a key/],
    ['single quotes', "{'a':1}\n", /line 1, column 2: a key in double quotes is expected here/],
    ['a comment', '{"a":1} // one\n', /line 1, column 9: an object is expected here/],
    ['NaN', '{"a":NaN}\n', /line 1, column 6: a value is expected here/],
    ['Infinity', '{"a":-Infinity}\n', /line 1, column 7: a digit is expected here/],
    ['a number that begins with 0', '{"a":01}\n', /line 1, column 6: a number may not begin with 0/],
    ['a number that ends in a point', '{"a":1.}\n', /line 1, column 8: a digit is expected here/],
    ['a plus', '{"a":+1}\n', /line 1, column 6: a value is expected here/],
    ['an unknown word', '{"a":nul}\n', /line 1, column 6: a value is expected here/],
    ['a key twice', '{"b":0}\n{"a":1,"b":{},"a":2}\n', /line 2, column 15: the key "a" is there twice in one object/],
    ['a key twice below', String.raw`{"o":{"x":{"a":1,"\u0061":2}}}`, /column 18: the key "a" is there twice in one object/],
    [
      'a control character',
      '{"a":"x\ty"}\n',
      /line 1, column 8: a text holds the control character 9, which must be written \\u0009/,
    ],
    ['an unknown escape', String.raw`{"a":"\x41"}`, /line 1, column 7: "\\x" is no escape in JSON/],
    ['half an escape', String.raw`{"a":"\u00e"}`, /four hexadecimal digits are expected/],
    ['half a character', String.raw`{"a":"\ud83c!"}`, /\\ud83c is half of a character/],
    [
      'bytes that are not UTF-8',
      Buffer.from('{"ä":1}\n{"a":"\xe4"}\n', 'latin1'),
      /line 1, column 1: a text in this object is not UTF-8/,
    ],
    ['UTF-16', Buffer.from('\uFEFF{"a":1}', 'utf16le'), /UTF-16. Convert it to UTF-8/],
    ['a number for a record', '{"a":1}\n5\n', /line 2, column 1: an object is expected here/],
    ['a list for a record', '[[1,2]]', /line 1, column 2: an object is expected here, and this is a list/],
    ['lines with commas', '{"a":1},\n{"a":2}\n', /line 1, column 8: an object is expected here, and this is a comma/],
    ['something after the list', '[{"a":1}]\n{"a":2}', /line 2, column 1: there is something after the end of the list/],
    ['too deep', `{"a":${'['.repeat(600)}${']'.repeat(600)}}`, /nested more than 500 deep/],
  ];
  test.each(cases)('%s', async (_, content, says) => {
    const message = await refusal(content);
    expect(message).toMatch(/^FILE_FORMAT: "records\.ndjson" in connection "lake"/);
    expect(message).toMatch(says);
  });

  test('far into a file, in a piece of its own', async () => {
    const good = `{"a":"${'é'.repeat(40)}"}\n`.repeat(30_000);
    expect(await refusal(`${good}\n{"a":"é",}\n${good}`)).toMatch(/line 30002, column 10: a key in double quotes/);
  });

  test('a gzip file that is cut short, or is none', async () => {
    const packed = gzipSync('{"a":1}\n'.repeat(1000));
    expect(await refusal(packed.subarray(0, -10), 'records.json.gz')).toMatch(
      /^FILE_FORMAT: .*gzip data is truncated or damaged/,
    );
    expect(await refusal(Buffer.from('{"a":1}'), 'records.json.gz')).toMatch(/^FILE_FORMAT: .*not a gzip file/);
  });
});

describe('what cannot be columns is refused', () => {
  test('a file without any text', async () => {
    for (const content of ['', ' \n\n', '\uFEFF'])
      expect(await refusal(content)).toMatch(/^FILE_EMPTY: .*there is no JSON in it/);
  });

  test('a file without any object, unless its columns are named', async () => {
    expect(await refusal('[]', 'none.json')).toMatch(
      /^FILE_EMPTY: "none.json" in connection "lake" holds no object with a key.*Name them with `columns`/,
    );
    expect(await refusal('{}\n{}\n')).toMatch(/^FILE_EMPTY/);
    const { columns, rows } = await extractJson({ 'none.json': '[]' }, { columns: ['a', 'b'], where: { a: { eq: 1 } } });
    expect([columns.map(({ name }) => name), rows]).toEqual([['a', 'b'], []]);
  });

  test('keys that differ by case only, in one object or in two', async () => {
    expect(await refusal('{"id":1}\n{"ID":2}\n')).toMatch(
      /^FILE_HEADER: .*the keys "id" and "ID": columns must differ by more than case/,
    );
  });

  test('an empty key', async () => {
    expect(await refusal('{"":1}\n')).toMatch(/^FILE_HEADER: .*an empty key/);
  });

  test('a key with a NUL', async () => {
    expect(await refusal('{"a\\u0000b":1}\n')).toMatch(/^FILE_HEADER: .*the key "a\\u0000b", which cannot be a column/);
  });

  test('an object whose keys are data', async () => {
    const keys = Array.from({ length: 2001 }, (_, at) => `"k${at}":${at}`);
    expect(await refusal(`{${keys.join(',')}}`)).toMatch(/^FILE_FORMAT: .*more than 2000 different keys/);
  });
});

test('JSON beside other files is refused', async () => {
  const refused = extractJson({ 'a.json': '{"a":1}', 'a.csv': 'a\n1\n' }, { path: 'a.*' });
  await expect(refused).rejects.toMatchObject({
    code: 'OPTION_INVALID',
    message: expect.stringContaining('JSON and other files') as string,
  });
});

test('a filter that does not fit a column’s type is refused', async () => {
  expect(await refusal('{"a":1}\n', 'a.json', { where: { a: { eq: 'x' } } })).toMatch(
    /^OPTION_INVALID: .*does not fit the columns/,
  );
});

test('a file that is written to while it is read is FILE_CHANGED', async () => {
  const root = temporaryFolder();
  const directory = temporaryFolder();
  const file = join(root, 'records.ndjson');
  writeFileSync(file, '{"a":1}\n');
  const connector = await openConnector('files', 'lake', { root });
  const checkpoint = (): Promise<void> => Promise.resolve(appendFileSync(file, '{"a":2}\n'));
  const extracted = withContext(
    async (context) => connector.source?.extract({ dataset: 'a', options: { path: 'records.ndjson' }, directory }, context),
    { checkpoint },
  );
  await expect(extracted).rejects.toMatchObject({ code: 'FILE_CHANGED' });
});
