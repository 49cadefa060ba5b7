import { Argument, Command, InvalidArgumentError } from 'commander';
import { messageOf } from '../src/core/errors.js';
import type { SoakReport } from './soak.js';
import { SOAKS } from './soaks.js';

interface Flags {
  readonly scale: number;
  readonly seed: string;
  readonly json: boolean;
}

const notice = (line: string): void => void process.stderr.write(`${line}\n`);

async function run(name: string, { scale, seed, json }: Flags): Promise<void> {
  const soak = await (SOAKS[name] as (typeof SOAKS)[string])();
  notice(`${name}: ${soak.about}`);
  const begun = performance.now();
  const report = await soak.run({ scale, seed, notice });
  const seconds = Math.round((performance.now() - begun) / 100) / 10;
  console.log(json ? JSON.stringify({ soak: name, scale, seed, seconds, ...report }) : inWords(report, seconds));
  process.exitCode = report.problems.length === 0 ? 0 : 1;
}

function inWords({ figures, problems }: SoakReport, seconds: number): string {
  const width = Math.max(...Object.keys(figures).map((name) => name.length));
  const lines = Object.entries(figures).map(([name, figure]) => `  ${name.padEnd(width)}  ${figure}`);
  const verdict = problems.length === 0 ? `passed in ${seconds} s` : `FAILED in ${seconds} s`;
  return [...lines, ...problems.map((problem) => `  ! ${problem}`), verdict].join('\n');
}

function aboveZero(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('a number above 0 is needed.');
}

const program = new Command('npm run soak --')
  .description('Runs much of one thing at once on real servers of its own, and tells what it took.')
  .addArgument(new Argument('<name>', 'which one').choices(Object.keys(SOAKS)))
  .option('--scale <f>', 'a part of the full size, or more than it', aboveZero, 1)
  .option('--seed <text>', 'what everything random is drawn from', 'millrace')
  .option('--json', 'end with one JSON object on stdout', false)
  .action(run);

// Everything that was started is guarded or ended by what happens on exit, which a signal alone would skip.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.once(signal, () => process.exit(code));

try {
  await program.parseAsync();
} catch (error) {
  notice(error instanceof Error ? (error.stack ?? error.message) : messageOf(error));
  process.exitCode = 2;
}
// A server that could not be stopped must not keep us.
process.exit();
