import { createServer } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { connectTemporal } from '../../src/temporal/connect.js';
import { temporalTarget } from '../../src/temporal/target.js';

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
