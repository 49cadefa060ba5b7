import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/folder.js';
import { temporalAddress } from '../support/temporal.js';
import { millrace } from './millrace.js';

const NO_FILE = { TEMPORAL_CONFIG_FILE: '/nowhere/temporal.toml' };

test('--address comes before TEMPORAL_ADDRESS', async () => {
  const address = await temporalAddress();
  const env = { ...NO_FILE, TEMPORAL_ADDRESS: '127.0.0.1:1' };
  expect(await millrace(['cancel', 'nobody', '--address', address], env)).toMatchObject({
    code: 3,
    stderr: expect.stringContaining(`Temporal at ${address} knows no run nobody`) as string,
  });
});

test('--namespace comes before TEMPORAL_NAMESPACE', async () => {
  const env = { ...NO_FILE, TEMPORAL_ADDRESS: await temporalAddress(), TEMPORAL_NAMESPACE: 'default' };
  expect(await millrace(['cancel', 'nobody', '--namespace', 'nowhere'], env)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('has no namespace "nowhere"') as string,
  });
});

test('--profile names a profile of Temporal’s config file', async () => {
  const file = join(temporaryFolder(), 'temporal.toml');
  writeFileSync(file, `[profile.here]\naddress = "${await temporalAddress()}"\n`);
  const env = { TEMPORAL_CONFIG_FILE: file };
  expect((await millrace(['cancel', 'nobody', '--profile', 'here'], env)).code).toBe(3);
  expect(await millrace(['cancel', 'nobody', '--profile', 'elsewhere'], env)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('elsewhere') as string,
  });
});
