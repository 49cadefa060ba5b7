import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hasPython, obtainSchemathesis, run } from './schemathesis.js';
import { startTarget, type Target } from './target.js';

/** What everything is drawn from, so that a failure comes again. */
const SEED = '7';
/** What an answer must not be: the service's own failure, nor anything that its description does not tell. */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
  'unsupported_method',
  'allow_header_conformance',
  'ignored_auth',
].join(',');

const notice = (line: string): void => void process.stderr.write(`${line}\n`);

interface Round {
  readonly title: string;
  /** Cases of each operation. */
  readonly cases: number;
  /** What it tries: the bounds of each field one after the other (coverage), and cases drawn from all of them together (fuzzing). */
  readonly phases: string;
  /** Whether paths name what is there. */
  readonly isKnown: boolean;
}

const ROUNDS: readonly Round[] = [
  { title: 'requests of all kinds', phases: 'coverage,fuzzing', cases: 15, isKnown: false },
  { title: 'requests about what is there', phases: 'fuzzing', cases: 8, isKnown: true },
];

async function fuzz(program: string, target: Target, folder: string): Promise<boolean> {
  let sound = true;
  for (const round of ROUNDS) {
    notice(`${round.title}:`);
    const config = path.join(folder, 'schemathesis.toml');
    writeFileSync(config, configOf(target, round));
    const args = ['--config-file', config, 'run', `${target.url}/openapi.json`, ...optionsOf(target, round)];
    // Its own folder keeps what it has seen from one run to the next, which would make the next another one.
    const code = await run(program, args, 'inherit', mkdtempSync(path.join(folder, 'round-')));
    sound &&= code === 0;
  }
  for (const error of target.unexpected) notice(`The service did not expect: ${error}`);
  return sound && target.unexpected.length === 0;
}

function optionsOf({ token }: Target, { cases, phases }: Round): string[] {
  return [
    '--header',
    `Authorization: Bearer ${token}`,
    '--phases',
    phases,
    '--checks',
    CHECKS,
    '--max-examples',
    String(cases),
    '--seed',
    SEED,
    '--request-timeout',
    '20',
    '--suppress-health-check',
    'all',
    '--warnings',
    'off',
    '--no-color',
  ];
}

/** How what does not fit may be refused; 431 where it does not even fit the head of a request. */
const REFUSALS = [400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 431, 503];

function configOf({ known }: Target, { isKnown }: Round): string {
  const checks = `[checks]\nnegative_data_rejection.expected-statuses = ${JSON.stringify(REFUSALS)}\n`;
  if (!isKnown) return checks;
  const lines = Object.entries(known).map(([name, value]) => `"path.${name}" = ${JSON.stringify(value)}`);
  return `${checks}\n[parameters]\n${lines.join('\n')}\n`;
}

async function main(): Promise<number> {
  if (!(await hasPython())) {
    notice('Skipped: there is no Python 3 with venv and pip here, which the fuzzer schemathesis needs.');
    return 0;
  }
  const program = await obtainSchemathesis(notice);
  const folder = mkdtempSync(path.join(tmpdir(), 'millrace-fuzzer-'));
  const target = await startTarget(notice);
  try {
    return (await fuzz(program, target, folder)) ? 0 : 1;
  } finally {
    await target.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exit(await main());
