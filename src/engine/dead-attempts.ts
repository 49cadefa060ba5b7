import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { isAlive } from './live-process.js';

/**
 * Removes attempts whose process on this host is gone, as after a crash. Attempts of other hosts and of live processes
 * are left alone: their folder's name begins with host and process id.
 */
export async function removeDeadAttempts(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  const dead = names.filter(isDeadAttempt);
  await Promise.all(dead.map((name) => rm(path.join(directory, name), { recursive: true, force: true })));
}

/** Whether an attempt's folder belongs to a process of this host that is gone. */
export function isDeadAttempt(name: string): boolean {
  const pid = localPid(name);
  return pid !== undefined && !isAlive(pid);
}

/** The process that an attempt's folder belongs to, if it is one of this host. Hosts have `-` in their names, too. */
export function localPid(name: string): number | undefined {
  const prefix = `${os.hostname()}-`;
  const rest = name.startsWith(prefix) ? name.slice(prefix.length) : '';
  const pid = /^(\d+)-[^-]+-[^-]+$/.exec(rest)?.[1];
  return pid === undefined ? undefined : Number(pid);
}

/** A new name for an attempt, told by `what`. Host and process come first: by them the attempts of dead processes are known. */
export function attemptName(what: string): string {
  return `${os.hostname()}-${process.pid}-${what.slice(0, 12)}-${randomBytes(6).toString('hex')}`;
}
