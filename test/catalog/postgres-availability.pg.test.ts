import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { catalogName, openCatalog, type Catalog, type CatalogOptions } from '../../src/catalog/index.js';
import { openCable } from '../support/cable.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { contentsOfSchema } from './fresh-catalog.js';
import { at, loadFinished, manifest, RUN, runStarted, validateFailed, validateFinished } from './sample-facts.js';

const WRITER = fileURLToPath(new URL('writer-process.ts', import.meta.url));
const SECRET = 'open-sesame-0815';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

function place(changes: Partial<{ user: string; password: string; database: string; port: number; query: string }> = {}) {
  const url = new URL(db.url);
  if (changes.user !== undefined) url.username = changes.user;
  if (changes.password !== undefined) url.password = changes.password;
  if (changes.database !== undefined) url.pathname = `/${changes.database}`;
  if (changes.port !== undefined) url.port = String(changes.port);
  url.search = changes.query ?? '';
  return { url: url.toString(), schema: `s_${randomBytes(4).toString('hex')}` };
}

async function open(options: CatalogOptions): Promise<Catalog> {
  const catalog = await openCatalog(options);
  onTestFinished(() => catalog.close());
  return catalog;
}

/** A user of its own, that is gone when the test ends. */
async function createUser(name: string): Promise<void> {
  await db.query(`create user "${name}" password '${SECRET}'`);
  onTestFinished(async () => {
    await db.query(`drop owned by "${name}" cascade`);
    await db.query(`drop user "${name}"`);
  });
}

async function endSessions(): Promise<void> {
  await db.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'millrace catalog'",
  );
}

test('two processes may make and write one catalog at the same time', async () => {
  const options = place();
  const processes = ['one', 'two'].map((name) =>
    spawn(process.execPath, ['--import', 'tsx', WRITER, JSON.stringify(options), name, '100'], {
      stdio: ['ignore', 'inherit', 'inherit'],
    }),
  );
  const codes = await Promise.all(processes.map(async (writer) => ((await once(writer, 'exit')) as [number])[0]));
  expect(codes).toEqual([0, 0]);
  expect(await (await open(options)).listRuns({ limit: 1000 })).toHaveLength(200);
});

test('many at once may make one catalog', async () => {
  const options = place();
  const catalogs = await Promise.all(Array.from({ length: 6 }, () => open(options)));
  for (const catalog of catalogs) await catalog.recordRunStarted(runStarted());
  expect(await catalogs[0]?.listRuns({ limit: 9 })).toHaveLength(1);
});

test('steps of one run may be told of at the same time', async () => {
  const options = place();
  const catalog = await open(options);
  const names = Array.from({ length: 20 }, (_, index) => `validate:part${index}` as const);
  await Promise.all(names.map((step) => catalog.recordStepFinished({ ...validateFinished(), step })));
  expect(await catalog.listSteps(RUN.workflowId, RUN.runId)).toHaveLength(20);
});

describe('beside other tables', () => {
  test('a schema with the name of the user, or any search path, takes nothing of the catalog', async () => {
    await createUser('homely');
    await db.query(`grant create on database ${db.name} to homely`);
    await db.query('create schema homely authorization homely; create table homely.runs (workflow_id int)');
    const catalog = await open({ ...place({ user: 'homely', password: SECRET }), schema: 'millrace_catalog' });
    await catalog.recordRunStarted(runStarted());
    expect((await contentsOfSchema(db, 'millrace_catalog')).runs).toHaveLength(1);
    expect(await db.query('select * from homely.runs')).toEqual([]);
    const tables = await db.query<{ n: string }>(
      "select count(*) as n from pg_tables where schemaname in ('public', 'homely') and tablename <> 'runs'",
    );
    expect(tables).toEqual([{ n: '0' }]);
  });

  test('a user without the right to make a schema uses one that was made for it', async () => {
    await createUser('modest');
    const options = place({ user: 'modest', password: SECRET });
    await expect(openCatalog(options)).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      retryable: false,
      message: expect.stringMatching(/permission denied for database .* Grant the user CREATE on the database/) as string,
    });
    await db.query(`create schema "${options.schema}" authorization modest`);
    const catalog = await open(options);
    await catalog.recordRunStarted(runStarted());
    expect(await catalog.listRuns({ limit: 9 })).toHaveLength(1);
  });
});

describe('what keeps it from opening', () => {
  test.each([
    { what: 'a wrong password', changes: { password: SECRET }, code: 'CREDENTIALS_REJECTED', retryable: false },
    { what: 'a database that is not there', changes: { database: 'nowhere' }, code: 'DATABASE_MISSING', retryable: false },
    { what: 'a server that is not there', changes: { port: 1 }, code: 'CATALOG_UNAVAILABLE', retryable: true },
    {
      what: 'a server without the encryption that is asked for',
      changes: { query: 'sslmode=require', password: SECRET },
      code: 'CATALOG_UNAVAILABLE',
      retryable: true,
    },
  ])('$what is $code, without the password', async ({ changes, code, retryable }) => {
    const options = place(changes);
    const error = (await openCatalog(options).catch((failure: unknown) => failure)) as Error;
    expect(error).toMatchObject({ code, retryable });
    expect(error.message).toContain(`The catalog ${catalogName(options)} cannot be read: `);
    expect(JSON.stringify([error.message, error.stack, error])).not.toContain(SECRET);
  });

  test.each([
    { url: 'mysql://x:open-sesame-0815@y/z', why: 'must begin with postgres://' },
    { url: 'open-sesame-0815', why: 'is not a postgres:// URL' },
    { url: 'postgres://host/open-sesame-0815', why: 'names no user' },
  ])('$why is CONFIG_INVALID, without the URL', async ({ url, why }) => {
    const error = (await openCatalog({ url, schema: 's' }).catch((failure: unknown) => failure)) as Error;
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(why) as string });
    expect(error.message).not.toContain(SECRET);
  });

  test('a catalog written by a newer version is refused with that reason', async () => {
    const options = place();
    await (await openCatalog(options)).close();
    await db.query(`insert into "${options.schema}".catalog_migrations values ('9999-later', '2027-01-01T00:00:00.000Z')`);
    await expect(openCatalog(options)).rejects.toMatchObject({
      code: 'CATALOG_UNAVAILABLE',
      message: expect.stringContaining('a newer version of Millrace has written it') as string,
    });
  });
});

describe('an open catalog', () => {
  test('outlives the end of its sessions', async () => {
    const catalog = await open(place());
    await catalog.recordRunStarted(runStarted());
    await endSessions();
    await catalog.recordRunStarted(runStarted({ runId: 'run-2' }));
    await endSessions();
    expect(await catalog.listRuns({ limit: 9 })).toHaveLength(2);
  });

  test('is CATALOG_UNAVAILABLE, to be tried again, while its server cuts every connection, and then goes on', async () => {
    const cable = await openCable(new URL(db.url));
    onTestFinished(() => cable.close());
    const catalog = await open(place({ port: cable.port }));
    cable.cutAfterBytes(400);
    const told = catalog.recordRunStarted(runStarted());
    await expect(told).rejects.toMatchObject({ code: 'CATALOG_UNAVAILABLE', retryable: true });
    cable.cutAfterBytes(Number.POSITIVE_INFINITY);
    await catalog.recordRunStarted(runStarted());
    expect(await catalog.listRuns({ limit: 9 })).toHaveLength(1);
  });

  test('waits, as for any outage, where its user is refused from now on', async () => {
    await createUser('rotated');
    await db.query(`grant create on database ${db.name} to rotated`);
    const catalog = await open(place({ user: 'rotated', password: SECRET }));
    await db.query("alter user rotated password 'another'");
    await endSessions();
    const error: unknown = await catalog.recordRunStarted(runStarted()).catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: 'CATALOG_UNAVAILABLE', retryable: true });
    expect((error as Error).message).toMatch(/password authentication failed.* Correct the URL's user and password/);
    await db.query(`alter user rotated password '${SECRET}'`);
    await catalog.recordRunStarted(runStarted());
    expect(await catalog.listRuns({ limit: 9 })).toHaveLength(1);
  });

  test('is made anew when somebody drops its schema', async () => {
    const options = place();
    const catalog = await open(options);
    await catalog.recordRunStarted(runStarted());
    await db.query(`drop schema "${options.schema}" cascade`);
    expect(await catalog.listRuns({ limit: 9 })).toEqual([]);
    await catalog.recordRunStarted(runStarted());
    expect(await catalog.listRuns({ limit: 9 })).toHaveLength(1);
  });

  test('leaves nothing of a fact that fails half-way', async () => {
    const options = place();
    const catalog = await open(options);
    await db.query(`alter table "${options.schema}".loads add check (rows < 0)`);
    await expect(catalog.recordStepFinished(loadFinished())).rejects.toMatchObject({ code: 'CATALOG_UNAVAILABLE' });
    const contents = await contentsOfSchema(db, options.schema);
    expect([contents.runs, contents.step_runs, contents.loads]).toEqual([[], [], []]);
  });
});

test('numbers, times, JSON and odd texts come back as they were told', async () => {
  const catalog = await open(place());
  const params = { text: 'a"\\\u0000\ud83d\ude00é', number: 0.1, big: Number.MAX_SAFE_INTEGER, deep: [{ nothing: null }] };
  await catalog.recordRunStarted(runStarted({ params }));
  const verdict = { ...manifest().verdict!, rejected: Number.MAX_SAFE_INTEGER, rowsRead: Number.MAX_SAFE_INTEGER };
  await catalog.recordStepFinished({ ...validateFinished(), manifest: manifest({ verdict, rows: 9_007_199_254_740_990 }) });
  await catalog.recordStepFailed({ ...validateFailed(), step: 'load:x', message: 'a NUL \0 and a “quote”' });
  expect(await catalog.findRun(RUN.workflowId)).toMatchObject({ params, startedAt: at(0) });
  expect(await catalog.listQuarantine(RUN.workflowId, RUN.runId)).toMatchObject([
    { rows: Number.MAX_SAFE_INTEGER, rowsRead: Number.MAX_SAFE_INTEGER },
  ]);
  const failed = (await catalog.listSteps(RUN.workflowId, RUN.runId)).find((step) => step.step === 'load:x');
  expect(failed?.error?.message).toBe('a NUL ␀ and a “quote”');
});
