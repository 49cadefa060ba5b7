import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { quantile, readSteadily } from '../../bench/service/reads.js';

test('a service that stands still delays every request that was due meanwhile, and each of them counts', async () => {
  const server = createServer((request, response) => {
    setTimeout(() => response.writeHead(request.url === '/bad' ? 500 : 200).end('{}'), 300);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const kinds = [
    { name: 'good', next: () => `${url}/good` },
    { name: 'bad', next: () => `${url}/bad` },
  ];
  const { latenciesMs, failures } = await readSteadily({ kinds, perSecond: 200, seconds: 0.2 });
  const [good, bad] = [latenciesMs.get('good') ?? [], latenciesMs.get('bad') ?? []];
  expect([good.length, bad.length]).toEqual([20, 20]);
  expect(Math.min(...good, ...bad)).toBeGreaterThan(290);
  expect(failures).toHaveLength(20);
  expect(failures[0]).toContain('/bad: HTTP 500');
});

test('a quantile is the value below which that share is', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([0.5, 0.99, 1].map((share) => quantile(values, share))).toEqual([51, 100, 100]);
});
