import { median, type Benchmark, type Measurement } from '../benchmark.js';
import { table } from '../table.js';
import { withSides, type Side, type Sides, type Work } from './sides.js';

const WORKS: readonly (readonly [name: string, work: Work])[] = [
  ['four steps', 'unchanged'],
  ['four steps with work', 'anew'],
];
const WARM_UP = 5;

interface Line {
  readonly work: string;
  readonly seconds: Readonly<Record<Side, number>>;
  readonly cpuS: Readonly<Record<Side, number>>;
}

/** One run after the other, of either side in turns; a round gives the median of each. */
export const benchmarkSteps: Benchmark = ({ rounds, scale, notice }) =>
  withSides(notice, async (sides) => {
    const each = Math.max(2, Math.round(30 * scale));
    const lines: Line[] = [];
    for (const [, work] of WORKS) await measure(sides, work, WARM_UP);
    for (let round = 0; round < rounds; round++) {
      for (const [name, work] of WORKS) lines.push({ work: name, ...(await measure(sides, work, each)) });
      notice(`Round ${round + 1} of ${rounds}`);
    }
    const peaks = sides.peaks();
    const measurements = WORKS.flatMap(([name]) => summarise(lines, name, [peaks['millrace worker'], peaks['worker by hand']]));
    return { measurements, report: report(lines, each), peaks };
  });

async function measure(sides: Sides, work: Work, count: number): Promise<Omit<Line, 'work'>> {
  const before = { millrace: await sides.cpuS('millrace'), 'by-hand': await sides.cpuS('by-hand') };
  const seconds: Record<Side, number[]> = { millrace: [], 'by-hand': [] };
  for (let index = 0; index < count; index++) {
    const order: Side[] = index % 2 === 0 ? ['millrace', 'by-hand'] : ['by-hand', 'millrace'];
    for (const side of order) seconds[side].push(await sides.run(side, work));
  }
  const used = async (side: Side): Promise<number> => ((await sides.cpuS(side)) - before[side]) / count;
  return {
    seconds: { millrace: median(seconds.millrace), 'by-hand': median(seconds['by-hand']) },
    cpuS: { millrace: await used('millrace'), 'by-hand': await used('by-hand') },
  };
}

/** The medians over the rounds of one work. */
export function summarise(
  lines: readonly Pick<Line, 'work' | 'seconds'>[],
  work: string,
  [own = 0, other = 0]: readonly (number | undefined)[],
): Measurement[] {
  const of = (side: Side): number => median(lines.filter((line) => line.work === work).map(({ seconds }) => seconds[side]));
  const [millraceS, handS] = [of('millrace'), of('by-hand')];
  return [
    { work, tool: 'millrace', medianS: millraceS, ratio: millraceS / handS, peakMiB: own },
    { work, tool: 'by hand', medianS: handS, ratio: 1, peakMiB: other },
  ];
}

function report(lines: readonly Line[], each: number): string {
  const milliseconds = (seconds: number): string => (seconds * 1000).toFixed(1);
  const rows = lines.map(({ work, seconds, cpuS }) => [
    work,
    milliseconds(seconds.millrace),
    milliseconds(seconds['by-hand']),
    (seconds.millrace / seconds['by-hand']).toFixed(3),
    milliseconds(cpuS.millrace),
    milliseconds(cpuS['by-hand']),
  ]);
  const head = ['work', 'millrace ms', 'by hand ms', 'ratio', 'worker CPU ms', 'by hand CPU ms'];
  return `Medians of ${each} runs a round\n${table(head, rows)}`;
}
