import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { check } from 'prettier';
import { expect, test } from 'vitest';
import { readKept, renderResults, type KeptResult } from '../../bench/results.js';

const PAGE = path.resolve(import.meta.dirname, '../../bench/RESULTS.md');

const RESULT: KeptResult = {
  name: 'merge',
  rounds: 3,
  date: '2026-11-28',
  machine: {
    processor: 'Some Processor',
    processors: 2,
    memoryGiB: 23,
    system: 'Linux 6.1',
    node: '20.20.2',
    duckdb: '1.5.5',
    postgres: '18.4',
    temporal: '1.5.1',
  },
  measurements: [
    { work: 'merge', tool: 'millrace', medianS: 2.5, ratio: 1.25, peakMiB: 400.4 },
    { work: 'merge', tool: 'by hand', medianS: 2, ratio: 1, peakMiB: 80 },
    { work: 'merge', tool: 'another tool', medianS: 8, ratio: 4, peakMiB: 900 },
  ],
  report: 'round 1 …',
  peaks: { temporal: 120.2 },
};

test('the page of results begins with Millrace against each limit, and what the ratio must be', async () => {
  const page = await renderResults([RESULT]);
  const row = page.split('\n').find((line) => line.includes('[merge](#merge)'));
  expect(row?.replaceAll(/ +/g, ' ')).toBe(
    '| [merge](#merge) | merge | 2.50 s | by hand: 2.00 s | **1.25** | ≤ 1.3 | 2026-11-28 |',
  );
  expect(page).toContain('2 × Some Processor, 23 GiB');
  expect(page).toMatch(/another tool +\| +8\.00 s/);
  expect(page).toContain('Peak memory: temporal 120 MiB.');
});

test('the page is formatted as the formatter wants it', async () => {
  expect(await check(await renderResults([RESULT]), { parser: 'markdown', printWidth: 130, singleQuote: true })).toBe(true);
});

test('bench/RESULTS.md is made of the results that are kept', async () => {
  expect(existsSync(PAGE)).toBe(true);
  expect(readFileSync(PAGE, 'utf8')).toBe(await renderResults(readKept()));
});
