import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { version as duckdbVersion } from '@duckdb/node-api';
import { postgresBinaries } from '../src/dev/postgres-binaries.js';
import { postgresUser } from '../src/dev/postgres-user.js';
import { obtainTemporal } from '../src/dev/temporal-binary.js';

/** What a benchmark ran on. */
export interface Machine {
  readonly processor: string;
  readonly processors: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly duckdb: string;
  readonly postgres: string;
  readonly temporal: string;
}

export async function describeMachine(notice: (line: string) => void): Promise<Machine> {
  const { path: temporal } = await obtainTemporal({ notice });
  const { postgres } = postgresBinaries(postgresUser() !== null);
  return {
    processor: os.cpus()[0]?.model.trim() ?? 'unknown',
    processors: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${distribution()}${os.type()} ${os.release()}`,
    node: process.versions.node,
    duckdb: duckdbVersion().replace(/^v/, ''),
    postgres: versionOf(postgres),
    temporal: versionOf(temporal),
  };
}

function distribution(): string {
  try {
    const name = /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
    return name === undefined ? '' : `${name}, `;
  } catch {
    return '';
  }
}

/** What a program says of itself: `postgres (PostgreSQL) 18.4`, `temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)`. */
function versionOf(program: string): string {
  const said = spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout?.trim() ?? '';
  return said.replace(/^\S+ (?:version|\(PostgreSQL\)) /, '') || 'unknown';
}
