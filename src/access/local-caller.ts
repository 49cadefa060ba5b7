import { userInfo } from 'node:os';
import type { Caller } from './caller.js';

/** Whoever works on this machine, with its project's own connections: nothing is kept from them. */
export function localCaller(): Caller {
  return { name: userName(), kind: 'local', role: 'admin' };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user id without a name, as in many containers.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
