import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { inspect } from 'node:util';
import { afterEach, expect, test, vi } from 'vitest';
import { connectTemporal } from '../../src/temporal/connect.js';
import { temporalTarget } from '../../src/temporal/target.js';
import { temporaryFolder } from '../support/folder.js';

afterEach(() => vi.unstubAllEnvs());

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

test('the target comes from the variables of Temporal’s own tools', () => {
  vi.stubEnv('TEMPORAL_CONFIG_FILE', '/nowhere/temporal.toml');
  vi.stubEnv('TEMPORAL_ADDRESS', undefined);
  expect(temporalTarget()).toMatchObject({ address: '127.0.0.1:7233', namespace: 'default' });
  vi.stubEnv('TEMPORAL_ADDRESS', 'temporal.example.com:7233');
  vi.stubEnv('TEMPORAL_NAMESPACE', 'data');
  vi.stubEnv('TEMPORAL_API_KEY', 'secret');
  expect(temporalTarget()).toMatchObject({
    address: 'temporal.example.com:7233',
    namespace: 'data',
    options: { apiKey: 'secret', tls: true },
  });
});

test.each([
  ['an API key that ends in a line break', 'TEMPORAL_API_KEY', 'sesame-open\n', /the API key holds a line break/],
  ['metadata that cannot be sent', 'TEMPORAL_GRPC_META_AUTHORIZATION', 'sesame-open\u0007', /metadata "authorization" holds/],
])('%s is refused before anybody prints it', (_, name, value, message) => {
  vi.stubEnv('TEMPORAL_CONFIG_FILE', '/nowhere/temporal.toml');
  vi.stubEnv(name, value);
  expect(refusal()).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) as string });
});

test('a config file that is not TOML is told by its line, and none of its lines is shown', () => {
  const file = path.join(temporaryFolder(), 'temporal.toml');
  writeFileSync(file, '[profile.default]\naddress = cloud:7233\napi_key = "sesame-open"\n');
  vi.stubEnv('TEMPORAL_CONFIG_FILE', file);
  expect(refusal()).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('line 2') as string });
});

function refusal(): Error {
  try {
    temporalTarget();
  } catch (error) {
    expect(inspect(error, { depth: 9 })).not.toContain('sesame-open');
    return error as Error;
  }
  throw new Error('nothing was refused');
}

test('a profile that the config file lacks is CONFIG_INVALID', () => {
  vi.stubEnv('TEMPORAL_CONFIG_FILE', '/nowhere/temporal.toml');
  vi.stubEnv('TEMPORAL_PROFILE', 'staging');
  expect(() => temporalTarget()).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error);
});

test('a server that does not answer is TEMPORAL_UNREACHABLE within 5 s, with the address', async () => {
  const address = `127.0.0.1:${await closedPort()}`;
  const before = Date.now();
  await expect(connectTemporal(temporalTarget({ address }))).rejects.toMatchObject({
    code: 'TEMPORAL_UNREACHABLE',
    message: expect.stringContaining(`No Temporal server answers at ${address}`) as string,
  });
  expect(Date.now() - before).toBeLessThan(5000);
});
