import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A control group of the kernel, which ends a process that goes beyond its memory. */
export interface MemoryLimit {
  /** For a shell: moves it into the group. */
  readonly join: string;
  /** Processes that were killed for memory. */
  killed(): number;
  remove(): void;
}

/** Both versions of control groups: where they are, and what the files are called. */
const KINDS = [
  { root: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', events: 'memory.oom_control' },
  { root: '/sys/fs/cgroup', limit: 'memory.max', events: 'memory.events' },
] as const;

/** Sets up a limit; `undefined` where this process may not. */
export function limitMemory(bytes: number): MemoryLimit | undefined {
  for (const { root, limit, events } of KINDS) {
    const group = join(root, `millrace-soak-${process.pid}`);
    try {
      mkdirSync(group);
    } catch {
      continue;
    }
    const remove = (): void => {
      try {
        rmdirSync(group);
      } catch {
        // A process that is in it still, or none that was ever made.
      }
    };
    try {
      if (!existsSync(join(group, limit))) throw new Error('no such control');
      writeFileSync(join(group, limit), String(bytes));
      const killed = (): number => Number(/^oom_kill (\d+)$/m.exec(readFileSync(join(group, events), 'utf8'))?.[1] ?? 0);
      return { join: `echo $$ > '${join(group, 'cgroup.procs')}'`, killed, remove };
    } catch {
      remove();
    }
  }
  return undefined;
}
