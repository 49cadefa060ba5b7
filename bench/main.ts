import { Command, InvalidArgumentError } from 'commander';
import { messageOf } from '../src/core/errors.js';
import { toJsonLine, type BenchmarkOptions } from './benchmark.js';
import { BENCHMARKS } from './benchmarks.js';

interface Flags extends Pick<BenchmarkOptions, 'rounds' | 'scale' | 'input'> {
  readonly json: boolean;
}

const notice = (line: string): void => void process.stderr.write(`${line}\n`);

async function measure(name: string, { json, ...options }: Flags): Promise<void> {
  const entry = BENCHMARKS[name];
  if (!entry) throw new Error(`There is no benchmark "${name}". There is: ${Object.keys(BENCHMARKS).join(', ')}.`);
  const { measurements, report } = await (await entry.open())({ ...options, notice });
  if (!json) return console.log(report);
  notice(report);
  for (const measurement of measurements) console.log(toJsonLine(measurement));
}

function positive(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('a number above 0 is needed.');
}

const program = new Command('npm run bench --')
  .description('Measures Millrace against the raw limit of the same machine.')
  .argument(
    '<benchmark>',
    Object.entries(BENCHMARKS)
      .map(([name, { summary }]) => `${name}: ${summary}`)
      .join('\n'),
  )
  .option('--json', 'print one JSON object a line instead of a table', false)
  .option('--rounds <n>', 'how often each side is measured', positive, 3)
  .option('--scale <s>', 'size of the data; 1 is the published one', positive, 1)
  .option('--input <file>', 'data to use instead of what is generated')
  .action(measure);

try {
  await program.parseAsync();
} catch (error) {
  notice(messageOf(error));
  process.exitCode = 1;
}
// A server that could not be stopped must not keep us.
process.exit();
