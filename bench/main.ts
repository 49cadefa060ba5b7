import { Command, InvalidArgumentError } from 'commander';
import { messageOf } from '../src/core/errors.js';
import { toJsonLine, type BenchmarkOptions } from './benchmark.js';
import { BENCHMARKS } from './benchmarks.js';
import { describeMachine } from './machine.js';
import { keepResult } from './results.js';

interface Flags extends Pick<BenchmarkOptions, 'rounds' | 'scale' | 'input' | 'peers'> {
  readonly json: boolean;
}

const notice = (line: string): void => void process.stderr.write(`${line}\n`);

async function measureAll(name: string | undefined, flags: Flags): Promise<void> {
  if (name !== undefined && !BENCHMARKS[name])
    throw new Error(`There is no benchmark "${name}". There is: ${Object.keys(BENCHMARKS).join(', ')}.`);
  const failed: string[] = [];
  for (const each of name === undefined ? Object.keys(BENCHMARKS) : [name]) {
    notice(`== ${each}`);
    try {
      await measure(each, flags);
    } catch (error) {
      if (name !== undefined) throw error;
      // The others are worth their time all the same.
      notice(`${each} failed: ${messageOf(error)}`);
      failed.push(each);
    }
  }
  if (failed.length > 0) throw new Error(`Failed: ${failed.join(', ')}.`);
}

async function measure(name: string, { json, ...options }: Flags): Promise<void> {
  const benchmark = await (BENCHMARKS[name] as (typeof BENCHMARKS)[string]).open();
  const result = await benchmark({ ...options, notice });
  if (json) {
    notice(result.report);
    for (const measurement of result.measurements) console.log(toJsonLine(measurement));
  } else console.log(result.report);
  if (!isPublished(options)) return;
  const date = new Date().toISOString().slice(0, 10);
  const page = await keepResult({ name, rounds: options.rounds, date, machine: await describeMachine(notice), ...result });
  notice(`Written into ${page}`);
}

/** Results of other sizes, and of less than three rounds, are for whoever asked. */
function isPublished({ scale, rounds, input }: Pick<BenchmarkOptions, 'scale' | 'rounds' | 'input'>): boolean {
  return scale === 1 && rounds >= 3 && input === undefined;
}

function positive(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('a number above 0 is needed.');
}

const program = new Command('npm run bench --')
  .description('Measures Millrace against the raw limit of the same machine.')
  .argument(
    '[benchmark]',
    `one of them; all, when none is named\n${Object.entries(BENCHMARKS)
      .map(([name, { summary }]) => `${name}: ${summary}`)
      .join('\n')}`,
  )
  .option('--json', 'print one JSON object a line instead of a table', false)
  .option('--rounds <n>', 'how often each side is measured', positive, 3)
  .option('--scale <s>', 'size of the work; 1 is the published one, and is written into bench/RESULTS.md', positive, 1)
  .option('--input <file>', 'load: data to use instead of what is generated')
  .option('--peers', 'load, merge, contracts: measure other tools, too, as far as they can be installed', false)
  .action(measureAll);

// Servers and scratch folders go with the process, which a signal alone would not let them know.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
try {
  await program.parseAsync();
} catch (error) {
  notice(messageOf(error));
  process.exitCode = 1;
}
// A server that could not be stopped must not keep us.
process.exit();
