import { createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { choosePort, isPortFree } from '../../src/dev/free-port.js';

test('a free port is taken as wanted, without a word', async () => {
  const { port, server } = await occupied();
  server.close();
  await once(server, 'close');
  const notices: string[] = [];
  expect(await choosePort(choice(port, true), (line) => notices.push(line))).toBe(port);
  expect(notices).toEqual([]);
});

test('for a busy port the next free one is used, and said', async () => {
  const { port } = await occupied();
  const notices: string[] = [];
  const chosen = await choosePort(choice(port, false), (line) => notices.push(line));
  expect(chosen).toBeGreaterThan(port);
  expect(await isPortFree(chosen)).toBe(true);
  expect(notices).toEqual([`Port ${port} is taken; the test uses ${chosen} instead.`]);
});

test('a busy port that was asked for is an error that names the way out', async () => {
  const { port } = await occupied();
  await expect(choosePort(choice(port, true), () => undefined)).rejects.toMatchObject({
    code: 'PORT_BUSY',
    message: expect.stringContaining('choose another with --some-port'),
  });
});

function choice(wanted: number, explicit: boolean) {
  return { purpose: 'the test', wanted, explicit, option: '--some-port' };
}

async function occupied(): Promise<{ port: number; server: Server }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, server };
}
