import type { Benchmark } from '../benchmark.js';
import { takeTurns } from '../benchmark.js';
import { table } from '../table.js';
import { withSides, type Side, type Sides, type Work } from './sides.js';
import { summarise } from './steps.js';

interface Line {
  readonly work: string;
  readonly seconds: Readonly<Record<Side, number>>;
}

/** Many runs started together; a round's time is that until the last has ended. */
export const benchmarkRuns: Benchmark = ({ rounds, scale, notice }) =>
  withSides(notice, async (sides) => {
    const count = Math.max(2, Math.round(100 * scale));
    const works: readonly (readonly [string, Work])[] = [
      [`${count} runs`, 'unchanged'],
      [`${count} runs with work`, 'anew'],
    ];
    const lines: Line[] = [];
    for (const [name, work] of works) {
      for (const side of ['millrace', 'by-hand'] as const) await together(sides, side, work, Math.min(10, count));
      const turns = await takeTurns(
        rounds,
        () => together(sides, 'millrace', work, count),
        () => together(sides, 'by-hand', work, count),
        (round, { millrace, limit }) =>
          notice(`${name}, round ${round + 1} of ${rounds}: Millrace ${millrace.toFixed(2)} s, by hand ${limit.toFixed(2)} s`),
      );
      lines.push(...turns.map(({ millrace, limit }) => ({ work: name, seconds: { millrace, 'by-hand': limit } })));
    }
    const peaks = sides.peaks();
    const own = [peaks['millrace worker'], peaks['worker by hand']];
    const measurements = works.flatMap(([name]) => summarise(lines, name, own));
    const rows = lines.map(({ work, seconds }) => [
      work,
      seconds.millrace.toFixed(2),
      seconds['by-hand'].toFixed(2),
      (seconds.millrace / seconds['by-hand']).toFixed(3),
    ]);
    return { measurements, report: table(['work', 'millrace s', 'by hand s', 'ratio'], rows), peaks };
  });

async function together(sides: Sides, side: Side, work: Work, count: number): Promise<number> {
  const started = performance.now();
  await Promise.all(Array.from({ length: count }, () => sides.run(side, work)));
  return (performance.now() - started) / 1000;
}
