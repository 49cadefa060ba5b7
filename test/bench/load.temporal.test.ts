import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/folder.js';
import { temporalCli } from '../support/temporal.js';

const root = path.resolve(import.meta.dirname, '../..');

const HEADER =
  'l_orderkey,l_partkey,l_suppkey,l_linenumber,l_quantity,l_extendedprice,l_discount,l_tax,l_returnflag,l_linestatus,' +
  'l_shipdate,l_commitdate,l_receiptdate,l_shipinstruct,l_shipmode,l_comment';

function writeLineitem(rows: number): string {
  const file = path.join(temporaryFolder(), 'lineitem.csv');
  const rest = '17,21168.23,0.04,0.02,N,O,1996-03-13,1996-02-12,1996-03-22,NONE,REG AIR';
  const lines = Array.from({ length: rows }, (_, row) => `${row + 1},${row + 7},3,${(row % 7) + 1},${rest},"egular, ${row}"`);
  writeFileSync(file, [HEADER, ...lines, ''].join('\n'));
  return file;
}

async function bench(...args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  // The program that serves Temporal is fetched here, so that the benchmark finds it.
  await temporalCli();
  return promisify(execFile)(process.execPath, ['--import', 'tsx', 'bench/main.ts', ...args], { cwd: root });
}

test('a benchmark prints one JSON object a line for Millrace and for its limit', async () => {
  const { stdout } = await bench('load', '--json', '--rounds', '1', '--input', writeLineitem(500));
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toEqual([
    { work: 'load', tool: 'millrace', medianS: expect.any(Number), ratio: expect.any(Number), peakMiB: expect.any(Number) },
    { work: 'load', tool: 'raw COPY', medianS: expect.any(Number), ratio: 1, peakMiB: expect.any(Number) },
  ]);
  const [millrace, raw] = lines as [{ medianS: number; ratio: number; peakMiB: number }, { medianS: number }];
  // Both were rounded before they were printed.
  expect((millrace.ratio * raw.medianS) / millrace.medianS).toBeCloseTo(1, 1);
  expect(millrace.peakMiB).toBeGreaterThan(50);
}, 180_000);
