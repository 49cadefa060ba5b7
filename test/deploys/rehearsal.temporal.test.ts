import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lastingFolder } from '../support/folder.js';
import { temporalAddress } from '../support/temporal.js';

interface Rehearsal {
  readonly rehearse: (options: { readonly address: string; readonly folder: string; readonly taskQueue: string }) => Promise<{
    readonly finished: Record<string, { readonly version: string; readonly rows: number }>;
    readonly broken: string;
  }>;
}

const PROGRAM = join(import.meta.dirname, '../../scripts/rehearse-deploy.mjs');

/** It throws itself where a run finishes elsewhere than was promised. `npm run rehearse` shows it at work. */
test('a deploy from version 1 to 2 and back leaves each run on the version that was promised, and a breaking change is caught', async () => {
  const { rehearse } = (await import(PROGRAM)) as Rehearsal;
  const taskQueue = `rehearsal-${randomBytes(5).toString('hex')}`;
  const { finished, broken } = await rehearse({ address: await temporalAddress(), folder: lastingFolder(), taskQueue });
  expect(
    Object.entries(finished)
      .map(([run, { version, rows }]) => `${run} ${version} ${rows}`)
      .toSorted(),
  ).toEqual([
    'after v2 2',
    'back v1 3',
    'before v1 3',
    'beside v1 3',
    'moved v1 3',
    'ramped v2 2',
    'rehearseMonth/2024-01 v1 3',
    'rehearseMonth/2024-02 v2 2',
  ]);
  expect(broken).toContain("the run did extract:orders, and today's code would do extract:sales.");
}, 240_000);
