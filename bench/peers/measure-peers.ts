import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type pg from 'pg';
import { messageOf } from '../../src/core/errors.js';
import { cacheFolder } from '../../src/engine/cache-folder.js';
import { median, type BenchmarkResult, type Measurement } from '../benchmark.js';
import { countDifferences, settle } from '../load/tables.js';
import { watchPeaks } from '../peaks.js';
import { obtainPackages } from '../pip.js';
import type { Servers } from '../servers.js';
import { PEERS, type Command, type Peer, type PeerTask } from './peers.js';

/** One that takes so many times as long as the limit is measured once. */
const SLOW = 5;
/** Nobody waits for longer than this. */
const LONGEST_MS = 15 * 60_000;

export interface PeerWork {
  readonly work: 'load' | 'merge';
  readonly servers: Servers;
  /** A session where the tables are. */
  readonly session: pg.Client;
  readonly task: Pick<PeerTask, 'csv' | 'since' | 'warehouse' | 'shop'>;
  /** The table with the right rows. */
  readonly right: string;
  /** Readies the table that a peer writes. */
  readonly prepare: (table: string) => Promise<void>;
  readonly rounds: number;
  /** Median of the limit. */
  readonly limitS: number;
  readonly notice: (line: string) => void;
}

/** Adds what other tools need for the same work to a result. One that does not work here says why; the rest is measured. */
export async function withPeers(result: BenchmarkResult, work: PeerWork): Promise<BenchmarkResult> {
  const measurements: Measurement[] = [];
  const said: string[] = [];
  for (const peer of PEERS) {
    try {
      const { measurement, differences } = await measurePeer(peer, work);
      measurements.push(measurement);
      said.push(`${peer.name}: ${differences === 0 ? 'the same rows' : `${differences} rows differ`}`);
    } catch (error) {
      said.push(`${peer.name}: not measured, ${messageOf(error).replaceAll(/\s+/g, ' ').slice(-300)}`);
    }
    work.notice(said.at(-1) ?? '');
  }
  return {
    ...result,
    measurements: [...result.measurements, ...measurements],
    report: [result.report, 'Other tools:', ...said].join('\n'),
  };
}

async function measurePeer(peer: Peer, given: PeerWork): Promise<{ measurement: Measurement; differences: number }> {
  const { work, servers, session, right, limitS, notice } = given;
  const folder = path.join(cacheFolder(), 'peers', peer.name.toLowerCase().replaceAll(' ', '-'));
  const packages = await obtainPackages(folder, peer.requirements, notice);
  const table = `by_${peer.name.toLowerCase().replaceAll(/\W/g, '_')}`;
  const scratch = path.join(servers.scratch, 'peers');
  const command = peer[work]({ ...given.task, packages, scratch, table });
  const runs: { seconds: number; peakMiB: number }[] = [];
  for (let round = 0; round < given.rounds; round++) {
    if (runs.some(({ seconds }) => seconds > SLOW * limitS)) break;
    await given.prepare(table);
    await settle(session);
    await rm(scratch, { recursive: true, force: true });
    runs.push(await timed(command, servers));
    notice(`${peer.name}, round ${round + 1} of ${given.rounds}: ${runs.at(-1)?.seconds.toFixed(2)} s`);
  }
  const differences = await countDifferences(session, table, right);
  await session.query(`DROP TABLE ${table}`);
  const medianS = median(runs.map(({ seconds }) => seconds));
  const peakMiB = Math.max(...runs.map((run) => run.peakMiB));
  return { measurement: { work, tool: peer.name, medianS, ratio: medianS / limitS, peakMiB }, differences };
}

async function timed({ program, args, environment }: Command, { pids }: Servers): Promise<{ seconds: number; peakMiB: number }> {
  const started = performance.now();
  // With a group of its own, so that what it has started ends with it.
  const child = spawn(program, args, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const end = (): boolean => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL');
  process.once('exit', end);
  const timer = setTimeout(end, LONGEST_MS).unref();
  const watch = watchPeaks({ peer: child.pid ?? 0 }, pids.postgres);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (output = (output + chunk).slice(-2000)));
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  process.off('exit', end);
  const seconds = (performance.now() - started) / 1000;
  const { peer = 0 } = watch.stop();
  if (seconds * 1000 >= LONGEST_MS) throw new Error(`it took longer than ${LONGEST_MS / 60_000} minutes`);
  if (code !== 0) throw new Error(`it ended with code ${String(code)}: ${output.trim()}`);
  return { seconds, peakMiB: peer };
}
