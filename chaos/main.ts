import { randomBytes } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import { messageOf } from '../src/core/errors.js';
import { runCampaign } from './campaign.js';
import { isClean, type Summary } from './summary.js';

interface Flags {
  readonly trials: number;
  readonly seed: string;
  readonly trial?: number;
  readonly json: boolean;
  readonly breakLedger: boolean;
  readonly keep: boolean;
}

const notice = (line: string): void => void process.stderr.write(`${line}\n`);

async function run({ trials: count, seed, trial, json, breakLedger, keep }: Flags): Promise<void> {
  const trials = trial === undefined ? Array.from({ length: count }, (_, index) => index + 1) : [trial];
  const summary = await runCampaign({ seed, trials, breakLedger, keep, notice });
  console.log(json ? JSON.stringify(summary) : inWords(summary));
  process.exitCode = isClean(summary) ? 0 : 1;
}

function inWords({ trials, faults, runs, lost, doubled, stuck, crashes, byFault }: Summary): string {
  const kinds = Object.entries(byFault).map(([name, times]) => `  ${name}: ${times}`);
  return [
    `${trials} trials, ${runs} runs, ${faults} faults: ${lost} rows lost, ${doubled} doubled, ${stuck} runs stuck, ${crashes} workers ended by themselves`,
    ...kinds,
  ].join('\n');
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('a whole number above 0 is needed.');
}

function plainSeed(text: string): string {
  if (/^[\w-]{1,40}$/.test(text)) return text;
  throw new InvalidArgumentError('up to 40 letters, digits, _ and - are needed.');
}

const program = new Command('npm run chaos --')
  .description('Kills, pauses, cuts off and fills what Millrace depends on while it works, and looks for rows lost or doubled.')
  .option('--trials <n>', 'how many trials', positive, 20)
  .option(
    '--seed <text>',
    'what everything is drawn from; the same again makes the same plans',
    plainSeed,
    randomBytes(3).toString('hex'),
  )
  .option('--trial <k>', 'only this trial of the seed', positive)
  .option('--json', 'end with one JSON object on stdout', false)
  .option('--break-ledger', 'make the ledger forget every load, to see that the harness finds it', false)
  .option('--keep', 'keep data folders and logs', false)
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
