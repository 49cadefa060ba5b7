import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/folder.js';
import { temporalAddress } from '../support/temporal.js';
import { writtenProject } from '../support/written-project.js';
import { millrace } from './millrace.js';

const NO_FILE = { TEMPORAL_CONFIG_FILE: '/nowhere/temporal.toml' };

/** Asks for the end of a run that nobody knows, which only a server can tell. */
function cancelNobody(options: readonly string[], env: Readonly<Record<string, string>>) {
  return millrace(['cancel', 'nobody', '--project', writtenProject(), ...options], env);
}

test('--address comes before TEMPORAL_ADDRESS', async () => {
  const address = await temporalAddress();
  const env = { ...NO_FILE, TEMPORAL_ADDRESS: '127.0.0.1:1' };
  expect(await cancelNobody(['--address', address], env)).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('knows a run nobody. List runs with `millrace runs`. [RUN_UNKNOWN]') as string,
  });
});

test('--namespace comes before TEMPORAL_NAMESPACE', async () => {
  const env = { ...NO_FILE, TEMPORAL_ADDRESS: await temporalAddress(), TEMPORAL_NAMESPACE: 'default' };
  expect(await cancelNobody(['--namespace', 'nowhere'], env)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('has no namespace "nowhere"') as string,
  });
});

test('--profile names a profile of Temporal’s config file', async () => {
  const file = join(temporaryFolder(), 'temporal.toml');
  writeFileSync(file, `[profile.here]\naddress = "${await temporalAddress()}"\n`);
  const env = { TEMPORAL_CONFIG_FILE: file };
  expect((await cancelNobody(['--profile', 'here'], env)).code).toBe(3);
  expect(await cancelNobody(['--profile', 'elsewhere'], env)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('elsewhere') as string,
  });
});
