import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format } from 'prettier';
import type { BenchmarkResult, Measurement, Peaks } from './benchmark.js';
import { BENCHMARKS } from './benchmarks.js';
import type { Machine } from './machine.js';

/** One benchmark's results as they are kept: the newest of each. */
export interface KeptResult extends BenchmarkResult {
  readonly name: string;
  readonly rounds: number;
  /** The day, as `2026-11-28`. */
  readonly date: string;
  readonly machine: Machine;
}

const FOLDER = path.join(import.meta.dirname, 'results');
const PAGE = path.join(import.meta.dirname, 'RESULTS.md');

/** Keeps a result in place of the earlier one of that benchmark, and writes the page anew. */
export async function keepResult(result: KeptResult): Promise<string> {
  mkdirSync(FOLDER, { recursive: true });
  const text = await format(JSON.stringify(rounded(result)), { parser: 'json', printWidth: 130 });
  writeFileSync(path.join(FOLDER, `${result.name}.json`), text);
  writeFileSync(PAGE, await renderResults(readKept()));
  return PAGE;
}

/** What is kept, in the order of the benchmarks. */
export function readKept(): KeptResult[] {
  const there = existsSync(FOLDER) ? readdirSync(FOLDER) : [];
  return Object.keys(BENCHMARKS)
    .filter((name) => there.includes(`${name}.json`))
    .map((name) => JSON.parse(readFileSync(path.join(FOLDER, `${name}.json`), 'utf8')) as KeptResult);
}

/** The page of results. */
export async function renderResults(kept: readonly KeptResult[]): Promise<string> {
  const lines = [
    '# Results of the benchmarks',
    '',
    'Written by `npm run bench`; how each is measured is told in [docs/benchmarks.md](../docs/benchmarks.md). Seconds differ from',
    'machine to machine: what counts is the ratio of Millrace to the limit, measured in turns in the same minutes.',
    '',
    '| benchmark | work | Millrace | limit | ratio | must reach | date |',
    '| --- | --- | ---: | ---: | ---: | --- | --- |',
    ...kept.flatMap(summaryRows),
    '',
    ...kept.flatMap(section),
  ];
  return format(lines.join('\n'), { parser: 'markdown', printWidth: 130 });
}

function summaryRows({ name, measurements, date }: KeptResult): string[] {
  const limits = new Map(measurements.filter(({ ratio }) => ratio === 1).map((each) => [each.work, each]));
  return measurements.flatMap(({ work, tool, medianS, ratio }) => {
    const limit = limits.get(work);
    if (tool !== 'millrace' || !limit) return [];
    const goal = BENCHMARKS[name]?.goals?.[work] ?? '';
    return [
      `| [${name}](#${name}) | ${work} | ${seconds(medianS)} | ${limit.tool}: ${seconds(limit.medianS)} | **${ratio.toFixed(2)}** | ${goal} | ${date} |`,
    ];
  });
}

function section({ name, rounds, date, machine, measurements, report, peaks }: KeptResult): string[] {
  const { processor, processors, memoryGiB, system, node, duckdb, postgres, temporal } = machine;
  return [
    `## ${name}`,
    '',
    `${BENCHMARKS[name]?.summary ?? name}.`,
    '',
    `${date}, ${rounds} rounds: ${processors} × ${processor}, ${memoryGiB} GiB, ${system}; Node ${node}, DuckDB ${duckdb}, PostgreSQL ${postgres}, Temporal ${temporal}.`,
    '',
    '| work | tool | median | ratio | peak memory of its process |',
    '| --- | --- | ---: | ---: | ---: |',
    ...measurements.map(measurementRow),
    '',
    '```text',
    report,
    '```',
    '',
    ...peakLines(peaks),
    `How it is measured, and what the time is made of: [docs/benchmarks.md](../docs/benchmarks.md#${name}).`,
    '',
  ];
}

function measurementRow({ work, tool, medianS, ratio, peakMiB }: Measurement): string {
  return `| ${work} | ${tool} | ${seconds(medianS)} | ${ratio.toFixed(3)} | ${peakMiB > 0 ? mebibytes(peakMiB) : ''} |`;
}

function peakLines(peaks: Peaks | undefined): string[] {
  const found = Object.entries(peaks ?? {});
  if (found.length === 0) return [];
  return [`Peak memory: ${found.map(([name, mib]) => `${name} ${mebibytes(mib)}`).join(', ')}.`, ''];
}

function seconds(value: number): string {
  return value < 1 ? `${(value * 1000).toFixed(1)} ms` : `${value.toFixed(2)} s`;
}

function mebibytes(value: number): string {
  return `${Math.round(value)} MiB`;
}

function rounded(result: KeptResult): unknown {
  return JSON.parse(
    JSON.stringify(result, (_key, value: unknown) => (typeof value === 'number' ? Math.round(value * 1e4) / 1e4 : value)),
  );
}
