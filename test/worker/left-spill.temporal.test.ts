import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/folder.js';
import { startProjectWorker } from '../support/project-worker.js';

const PROJECT = path.resolve(import.meta.dirname, '../fixtures/regions');

test('a worker that starts removes what killed workers of its host have spilled, and nothing of others', async () => {
  const folder = temporaryFolder();
  const scratch = path.join(folder, 'spill', 'scratch');
  const killed = `${os.hostname()}-999999999-spill-1`;
  const alive = `${os.hostname()}-${process.pid}-spill-2`;
  const elsewhere = 'another-host-999999999-spill-3';
  for (const name of [killed, alive, elsewhere]) {
    mkdirSync(path.join(scratch, name), { recursive: true });
    writeFileSync(path.join(scratch, name, 'duckdb_temp_storage_DEFAULT-0.tmp'), 'rows');
  }
  const worker = await startProjectWorker(PROJECT, folder, { REGIONS_LAKE: folder });
  await worker.stop();
  expect(readdirSync(scratch).toSorted()).toEqual([alive, elsewhere].toSorted());
});
