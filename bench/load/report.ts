import Table from 'cli-table3';
import { median, type Measurement } from '../benchmark.js';
import type { Round } from './round.js';

const ACTIVITIES = ['extract', 'validateAndLoad'] as const;

/** The rounds as a table, their medians below, and the results. */
export function reportRounds(rounds: readonly Round[], measurements: readonly Measurement[]): string {
  const lines = rounds.map(figuresOf);
  const middle = (lines[0] ?? []).map((_, column) => median(lines.map((line) => line[column] ?? Number.NaN)));
  const table = new Table({
    head: [
      'round',
      ...ACTIVITIES.map((activity) => `${activity} s`),
      'between s',
      'millrace s',
      'raw s',
      'ratio',
      'worker CPU s',
      'WAL MB',
      'raw WAL MB',
    ],
    colAligns: ['left', ...middle.map(() => 'right' as const)],
    style: { head: [], border: [] },
  });
  for (const [index, line] of lines.entries()) table.push([index + 1, ...line.map(show)]);
  table.push(['median', ...middle.map(show)]);
  const results = measurements.map(
    ({ tool, medianS, ratio, peakMiB }) =>
      `${tool}: ${medianS.toFixed(2)} s, ratio ${ratio.toFixed(3)}, peak memory ${Math.round(peakMiB)} MiB`,
  );
  return [`${rounds[0]?.millrace.rows ?? 0} rows, ${rounds.length} rounds`, table.toString(), ...results].join('\n');
}

function figuresOf({ millrace, raw }: Round): number[] {
  const activities = ACTIVITIES.map((activity) => millrace.activities[activity] ?? 0);
  const between = millrace.seconds - activities.reduce((sum, seconds) => sum + seconds, 0);
  const megabytes = (bytes: number): number => bytes / 1e6;
  return [
    ...activities,
    between,
    millrace.seconds,
    raw.seconds,
    millrace.seconds / raw.seconds,
    millrace.cpuS,
    megabytes(millrace.walBytes),
    megabytes(raw.walBytes),
  ];
}

function show(value: number): string {
  return value.toFixed(value >= 100 ? 0 : 2);
}
