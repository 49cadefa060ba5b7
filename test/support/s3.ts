import { randomBytes } from 'node:crypto';
import { attachStore } from '../../src/object-store/duckdb.js';
import { openStore, type ObjectStore } from '../../src/object-store/store.js';
import { withContext } from '../conformance/context.js';
import { S3_KEYS } from './s3-server.js';
import { sharedServer } from './shared-servers.js';

/** A bucket of its own on the shared, real S3 server. */
export interface TestBucket {
  readonly name: string;
  /** `s3://<name>/below`: not the bucket's own root, so that prefixes are tested with everything else. */
  readonly root: string;
  /** How a connection reaches it. */
  readonly s3: { readonly endpoint: string; readonly accessKeyId: string; readonly secretAccessKey: string };
  /** The objects below `root`. */
  readonly store: ObjectStore;
  /** Puts bytes where a file would be. */
  put(key: string, body: string | Buffer): Promise<void>;
  /** Runs SQL as any reader of the bucket would. */
  rows<T>(sql: string): Promise<T[]>;
  keys(start?: string): Promise<string[]>;
}

/** The shared server's URL. */
export function s3Endpoint(): Promise<string> {
  return sharedServer('s3');
}

/** Makes a fresh, empty bucket; use it in `beforeAll`. @param endpoint of another server than the shared one */
export async function createTestBucket(endpoint?: string): Promise<TestBucket> {
  const s3 = { endpoint: endpoint ?? (await s3Endpoint()), ...S3_KEYS };
  const name = `test-${randomBytes(6).toString('hex')}`;
  const store = openStore({ location: { bucket: name, prefix: 'below' }, options: s3 }, 'the test');
  const { sdk, client } = await store.connected();
  await client.send(new sdk.CreateBucketCommand({ Bucket: name }));
  return {
    name,
    root: store.url(),
    s3,
    store,
    put: async (key, body) =>
      void (await client.send(new sdk.PutObjectCommand({ Bucket: name, Key: `below/${key}`, Body: body }))),
    rows: (sql) =>
      withContext(async ({ session }) => {
        await attachStore(session, store);
        return session.rows(sql);
      }),
    async keys(start = '') {
      const keys: string[] = [];
      for await (const { key } of store.list(start)) keys.push(key);
      return keys;
    },
  };
}
