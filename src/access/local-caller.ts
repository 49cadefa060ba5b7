import { userInfo } from 'node:os';
import type { Caller } from './caller.js';

/** Whoever works on this machine, with its project's own connections: nothing is kept from them. */
export function localCaller(): Caller {
  name ??= userName();
  return { name, kind: 'local', role: 'admin' };
}

// The process keeps its user; to ask for the name reads a file.
let name: string | undefined;

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user id without a name, as in many containers.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
