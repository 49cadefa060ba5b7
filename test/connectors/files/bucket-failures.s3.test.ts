import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Connector, ExtractOptions, Extracted } from '../../../src/connectors/contract.js';
import { openConnector } from '../../../src/connectors/registry.js';
import type { Part } from '../../../src/core/manifest.js';
import { lockSession } from '../../../src/engine/transform.js';
import { openSession } from '../../../src/engine/session.js';
import { withContext } from '../../conformance/context.js';
import { loadRequest, sampleRows } from '../../conformance/sample.js';
import { temporaryFolder } from '../../support/folder.js';
import { createTestBucket, type TestBucket } from '../../support/s3.js';

let bucket: TestBucket;
beforeAll(async () => {
  bucket = await createTestBucket();
  await bucket.put('folder/a.csv', 'id,name\n1,a\n');
  await bucket.put('empty.csv', '');
  await bucket.put('text.parquet', 'id,name\n1,a\n');
  await bucket.put('odd.xml', '{}');
  await bucket.rows(`COPY (SELECT range AS id FROM range(10)) TO '${bucket.root}/ten.parquet' (FORMAT parquet)`);
});

const open = (changes: Record<string, unknown> = {}, root = bucket.root): Promise<Connector> =>
  openConnector('files', 'lake', { root, s3: { ...bucket.s3, ...changes } });

async function extract(connector: Connector, options: ExtractOptions): Promise<Extracted> {
  const directory = temporaryFolder();
  return withContext((context) => connector.source!.extract({ dataset: 'd', options, directory }, context));
}

test.each([
  [{ path: 'nowhere.csv' }, 'FILE_MISSING', /"nowhere\.csv" in connection "lake".*s3:\/\/.*\/below\/nowhere\.csv/],
  [{ path: 'nowhere-*.csv' }, 'FILE_MISSING', /No file matches "nowhere-\*\.csv"/],
  [{ path: 'folder' }, 'FILE_MISSING', /is a folder, not a file.*folder\/\*/],
  [{ path: '../outside.csv' }, 'FILE_OUTSIDE_ROOT', /"\.\.\/outside\.csv"/],
  [{ path: 'a/../../outside.csv' }, 'FILE_OUTSIDE_ROOT', /leads out/],
  [{ path: '/etc/passwd', format: 'csv' }, 'FILE_OUTSIDE_ROOT', /\/etc\/passwd/],
  [{ path: '../*.csv' }, 'FILE_OUTSIDE_ROOT', /leads out/],
  [{ path: 'empty.csv' }, 'FILE_EMPTY', /0 bytes/],
  [{ path: 'text.parquet' }, 'FILE_FORMAT', /"text\.parquet".*not a whole Parquet file/],
  [{ path: 'ten.parquet', format: 'csv' }, 'FILE_FORMAT', /it is a Parquet file/],
  [{ path: 'odd.xml' }, 'OPTION_INVALID', /format: 'csv'/],
  [{ path: 'ten.parquet', where: { id: { gte: 'x' } } }, 'OPTION_INVALID', /`where` does not fit/],
] as const)('%j is refused for good, with the file and what to do', async (options, code, message) => {
  await expect(extract(await open(), options)).rejects.toMatchObject({
    code,
    retryable: false,
    message: expect.stringMatching(message) as string,
  });
});

describe('a store that refuses', () => {
  test.each([
    [
      'a wrong secret',
      { secretAccessKey: 'wrong-secret-of-the-test' },
      'CREDENTIALS_REJECTED',
      false,
      /accessKeyId, secretAccessKey/,
    ],
    ['an unknown key', { accessKeyId: 'nobody-knows-this-key' }, 'CREDENTIALS_REJECTED', false, /connection "lake"/],
    ['a wrong region', { region: 'eu-west-1' }, 'REGION_WRONG', false, /expecting "us-east-1".*s3\.region/],
    [
      'a server that is down',
      { endpoint: 'http://127.0.0.1:9' },
      'CONNECTION_REFUSED',
      true,
      /http:\/\/127\.0\.0\.1:9 .*s3\.endpoint/,
    ],
    ['a host that is not there', { endpoint: 'http://nowhere.invalid' }, 'CONNECTION_REFUSED', true, /nowhere\.invalid/],
  ] as const)('%s: check, extract and load tell it, and show no key', async (_, changes, code, retryable, message) => {
    const connector = await open(changes);
    const failures = [
      withContext((context) => connector.check(context)),
      extract(connector, { path: 'ten.parquet' }),
      extract(connector, { path: 'folder/*.csv' }),
      withContext((context) =>
        connector.destination!.load(loadRequest({ target: 'out.parquet', mode: 'replace', rows: sampleRows(1, 1) }), context),
      ),
    ];
    for (const result of await Promise.allSettled(failures)) {
      expect(result.status).toBe('rejected');
      const { reason } = result as PromiseRejectedResult & { reason: Error };
      expect(reason).toMatchObject({ code, retryable, message: expect.stringMatching(message) as string });
      for (const secret of connector.secrets.filter((each) => each !== bucket.s3.accessKeyId))
        expect(reason.message).not.toContain(secret);
    }
  });

  test('a bucket that is not there is named', async () => {
    const connector = await open({}, 's3://no-such-bucket/below');
    await expect(withContext((context) => connector.check(context))).rejects.toMatchObject({
      code: 'BUCKET_MISSING',
      message: expect.stringContaining('"no-such-bucket"') as string,
    });
    await expect(extract(connector, { path: 'a.csv' })).rejects.toMatchObject({ code: 'BUCKET_MISSING' });
  });

  test('one that asks for fewer requests is asked again no earlier than it says', async () => {
    const endpoint = await serve((_, response) => {
      response.writeHead(503, { 'retry-after': '1', 'content-type': 'application/xml' });
      response.end('<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>');
    });
    const connector = await open({ endpoint });
    await expect(withContext((context) => connector.check(context))).rejects.toMatchObject({
      code: 'STORE_BUSY',
      retryable: true,
      retryAfterMs: 1000,
    });
  });

  test('one that heeds no conditions cannot be written to, and check says so', async () => {
    const endpoint = await serve((request, response) => {
      const key = new URL(request.url ?? '', 'http://server').pathname.split('/').slice(3).join('/');
      const list = '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>';
      if (request.method === 'GET') {
        response.end(list);
        return;
      }
      const work = request.method === 'PUT' ? buffer(request).then((body) => bucket.put(key, body)) : bucket.store.remove(key);
      void work.then(() => response.writeHead(200, { etag: '"always"' }).end());
    });
    const connector = await open({ endpoint });
    await expect(withContext((context) => connector.check(context))).rejects.toMatchObject({
      code: 'CAPABILITY_MISSING',
      message: expect.stringContaining('If-None-Match and If-Match') as string,
    });
    const load = loadRequest({ target: 'unheeded.parquet', mode: 'replace', rows: sampleRows(1, 1) });
    await expect(withContext((context) => connector.destination!.load(load, context))).rejects.toMatchObject({
      code: 'CAPABILITY_MISSING',
    });
    expect(await bucket.store.head('unheeded.parquet')).toBeUndefined();
  });
});

test('options that do not fit are told by name and without a value', async () => {
  for (const [options, message] of [
    [{ root: 's3://', s3: {} }, /root: must be s3:\/\/bucket/],
    [{ root: 's3://bucket/a//b', s3: {} }, /empty part/],
    [{ root: 's3://bucket', s3: { accessKeyId: 'my-key-id' } }, /^(?!.*my-key-id).*go together/],
    [{ root: 's3://bucket', s3: { sessionToken: 'my-token' } }, /^(?!.*my-token).*sessionToken needs/],
    [{ root: 's3://bucket', s3: { endpoint: 'ftp://host' } }, /http:\/\/ or https:\/\//],
    [{ root: 's3://bucket', s3: { endpoint: 'https://host/path' } }, /a server only/],
    [{ root: 's3://bucket', s3: { secret: 'x' } }, /"secret"/],
    [{ root: '/folder', s3: {} }, /only goes with a root s3/],
  ] as const) {
    await expect(openConnector('files', 'lake', options)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(message) as string,
    });
  }
});

test('a check tells bucket and server', async () => {
  const answer = await withContext(async (context) => (await open()).check(context));
  expect(answer).toBe(`${bucket.root} at ${bucket.s3.endpoint}`);
  expect((await bucket.keys('_millrace/')).filter((key) => key.includes('probe'))).toEqual([]);
});

describe('an object in place that has changed or gone', () => {
  test.each(['csv', 'parquet'] as const)('is named, with what it was (%s)', async (format) => {
    const path = `moving.${format}`;
    const write = (rows: number) =>
      bucket.rows(`COPY (SELECT range AS id FROM range(${rows})) TO '${bucket.root}/${path}' (FORMAT ${format})`);
    await write(3);
    const { source } = await open();
    const [part] = (await extract(await open(), { path })).parts as [Part];
    expect(part).toMatchObject({ path: `${bucket.root}/${path}`, connection: 'lake' });
    await withContext(async (context) => {
      await source!.remote!.verify(part, context.signal);
      await write(400);
      const changed = {
        code: 'FILE_CHANGED',
        retryable: false,
        message: expect.stringMatching(/"moving\..*it was \d+ bytes/) as string,
      };
      await expect(source!.remote!.verify(part, context.signal)).rejects.toMatchObject(changed);
      if (format === 'csv') await expect(source!.remote!.place(part, context)).rejects.toMatchObject(changed);
      await bucket.store.remove(path);
      await expect(source!.remote!.verify(part, context.signal)).rejects.toMatchObject({ code: 'FILE_MISSING' });
    });
  });

  test('is never read in part from one version and in part from another', async () => {
    const path = 'large.parquet';
    const write = (value: number) =>
      bucket.rows(
        `COPY (SELECT ${value} AS version, hash(range + ${value}) AS noise FROM range(600000)) TO '${bucket.root}/${path}' (FORMAT parquet, ROW_GROUP_SIZE 20000)`,
      );
    await write(1);
    const connector = await open();
    const [part] = (await extract(connector, { path })).parts as [Part];
    const limits = { memoryLimit: '512MB', threads: 1, spillDirectory: temporaryFolder() };
    const { signal } = new AbortController();
    const session = await openSession(limits, signal);
    try {
      const url = await connector.source!.remote!.place(part, { session, signal });
      const result = await (await session.connect()).stream(`SELECT version, noise FROM read_parquet('${url}')`);
      const versions = new Set<unknown>();
      const read = async (): Promise<void> => {
        for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
          versions.add(chunk.getColumnVector(0).getItem(0));
          if (versions.size === 1 && chunk.rowCount > 0 && !written) await (written = write(2));
        }
      };
      let written: Promise<unknown> | undefined;
      const outcome = await read().then(
        () => 'read to the end',
        (error: Error) => error.message,
      );
      expect([...versions]).toEqual([1]);
      expect(outcome).toMatch(/ETag on reading file|read to the end/);
      await expect(connector.source!.remote!.verify(part, signal)).rejects.toMatchObject({ code: 'FILE_CHANGED' });
    } finally {
      session.close();
    }
  });
});

test('a locked session reads the objects it was given, no other and nothing else', async () => {
  const connector = await open();
  const [part] = (await extract(connector, { path: 'ten.parquet' })).parts as [Part];
  await withContext(async (context) => {
    const { session } = context;
    const url = await connector.source!.remote!.place(part, context);
    await lockSession(session, { paths: [url], directories: [] });
    expect(await session.rows(`SELECT count(*)::INTEGER AS rows FROM read_parquet('${url}')`)).toEqual([{ rows: 10 }]);
    for (const other of [`${bucket.root}/folder/a.csv`, `${bucket.s3.endpoint}/x.csv`, '/etc/hostname'])
      await expect(session.rows(`FROM read_csv('${other}')`)).rejects.toThrow(/disabled by configuration/);
    const [secret] = await session.rows<{ text: string }>('SELECT secret_string AS text FROM duckdb_secrets()');
    expect(secret?.text).not.toContain(bucket.s3.secretAccessKey);
  });
});

test.each(['what?.parquet', 'a[1].parquet', '100%25.parquet', 'a b+c&d=ü.parquet', "it's {1,2}.parquet"])(
  'an object named %s is read as itself',
  async (name) => {
    await bucket.put(`names/${name}`, await buffer((await bucket.store.read((await bucket.store.head('ten.parquet'))!))!));
    const connector = await open();
    const { parts, rows } = await extract(connector, { path: `names/${name}` });
    expect(rows).toBe(10);
    await withContext(async (context) => {
      const place = await connector.source!.remote!.place(parts[0] as Part, context);
      expect(
        await context.session.rows(
          `SELECT count(*)::INTEGER AS rows FROM read_parquet(['${place.replaceAll("'", "''").replaceAll(/[[*?]/g, '[$&]')}'])`,
        ),
      ).toEqual([{ rows: 10 }]);
    });
  },
);

test('patterns reach into folders and leave hidden objects and ledgers alone', async () => {
  for (const key of ['2001/x.csv', '2002/y.csv', 'z.csv', '.hidden.csv', '_millrace/w.csv', 'a[1].csv'])
    await bucket.put(`deep/${key}`, 'id\n1\n');
  await bucket.put('deep/2003/', '');
  const found = async (path: string) => (await extract(await open(), { path })).parts.map((part) => part.origin);
  expect(await found('deep/**/*.csv')).toEqual(['deep/2001/x.csv', 'deep/2002/y.csv', 'deep/a[1].csv', 'deep/z.csv']);
  expect(await found('./deep/{2001,2003}/*')).toEqual(['deep/2001/x.csv']);
  expect(await found('deep/a[1].csv')).toEqual(['deep/a[1].csv']);
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
