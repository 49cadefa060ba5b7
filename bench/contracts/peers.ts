import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { messageOf } from '../../src/core/errors.js';
import { cacheFolder } from '../../src/engine/cache-folder.js';
import type { Measurement } from '../benchmark.js';
import { obtainPackages } from '../pip.js';

interface Peer {
  readonly name: string;
  readonly requirements: readonly string[];
  readonly script: string;
}

/** Other tools that judge rows or columns, each in the fastest configuration that we know of. */
const PEERS: readonly Peer[] = [
  { name: 'pandera on polars', requirements: ['pandera[polars]==0.35.0'], script: 'pandera_judge.py' },
  { name: 'dataframely', requirements: ['dataframely==3.1.2'], script: 'dataframely_judge.py' },
  { name: 'pydantic row by row', requirements: ['pydantic==2.14.3', 'pyarrow==26.0.1'], script: 'pydantic_judge.py' },
];

interface Told {
  readonly seconds: number;
  readonly peakMiB: number;
  readonly rejected: number;
}

/** What other tools need for the same work; each is measured once. One that does not work here says why. */
export async function measurePeers(
  source: string,
  folder: string,
  limitS: number,
  right: { readonly rejected: number },
  notice: (line: string) => void,
): Promise<{ measurements: Measurement[]; said: string[] }> {
  const measurements: Measurement[] = [];
  const said: string[] = [];
  for (const { name, requirements, script } of PEERS) {
    try {
      const home = path.join(cacheFolder(), 'peers', name.replaceAll(' ', '-'));
      const packages = await obtainPackages(home, requirements, notice);
      const { seconds, peakMiB, rejected } = await told(script, [source, folder], packages);
      measurements.push({ work: 'judge', tool: name, medianS: seconds, ratio: seconds / limitS, peakMiB });
      const same = rejected === right.rejected ? 'rejects as many rows' : `rejects ${rejected} rows instead of ${right.rejected}`;
      said.push(`${name}: ${same}`);
    } catch (error) {
      said.push(`${name}: not measured, ${messageOf(error).replaceAll(/\s+/g, ' ').slice(-300)}`);
    }
    notice(said.at(-1) ?? '');
  }
  return { measurements, said };
}

async function told(script: string, args: readonly string[], packages: string): Promise<Told> {
  const file = path.join(import.meta.dirname, 'peers', script);
  const child = spawn('python3', [file, ...args], {
    env: { ...process.env, PYTHONPATH: packages },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let words = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (words = (words + chunk).slice(-2000)));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`it ended with code ${String(code)}: ${words.trim()}`);
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as Told;
}
