import { spawn, type ChildProcess } from 'node:child_process';

/**
 * Runs the server in the place of the shell, beside a guard that waits on our end of a pipe: when we close it, or die in
 * whatever way, the server gets the stop signal. So not even `kill -9` leaves a server behind. The guard is started
 * through a subshell of its own, so that the server never sees a child process that it does not know.
 */
const GUARDED = `signal=$1; shift
exec 3<&0
( { read -r line <&3; kill -s "$signal" $$; } >/dev/null 2>&1 & )
exec "$@" </dev/null 3<&-`;

const LOG_LINES = 200;

export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** What it is told to stop with. */
  readonly stopSignal: 'TERM' | 'INT';
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly uid?: number;
  readonly gid?: number;
  /** How long it may take to stop before it is killed. @default 10000 */
  readonly stopTimeoutMs?: number;
}

/** A server that lives as long as this process wants it, and no longer than this process. */
export interface ServerProcess {
  readonly pid: number;
  /** Resolves when the process is gone, with a short text on how it ended. */
  readonly ended: Promise<string>;
  readonly running: () => boolean;
  /** The last lines it wrote, both streams. */
  readonly lastLines: (count?: number) => string;
  readonly onLine: (listener: (line: string) => void) => void;
  /** Stops it and waits; kills its whole process group when it doesn't go. Safe to call again. */
  readonly stop: () => Promise<void>;
}

/** Starts a server in a process group of its own, so that Ctrl-C in the terminal reaches us and not it. */
export function startServerProcess(command: ServerCommand): ServerProcess {
  const child = spawn('/bin/sh', ['-c', GUARDED, 'sh', command.stopSignal, command.command, ...command.args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    cwd: command.cwd,
    env: command.env ?? process.env,
    uid: command.uid,
    gid: command.gid,
  });
  const log = followLines(child);
  let alive = true;
  const ended = new Promise<string>((resolve) => {
    const finish = (how: string): void => {
      alive = false;
      child.stdin?.end();
      resolve(how);
    };
    child.once('exit', (code, signal) => finish(signal ? `ended by ${signal}` : `exited with code ${code}`));
    child.once('error', (error) => finish(`could not be started: ${error.message}`));
  });
  child.stdin?.on('error', () => undefined);
  return {
    pid: child.pid ?? 0,
    ended,
    running: () => alive,
    lastLines: (count = 20) => log.lines.slice(-count).join('\n'),
    onLine: (listener) => void log.listeners.push(listener),
    stop: () => (alive ? stopProcess(child, ended, command.stopTimeoutMs ?? 10_000) : Promise.resolve()),
  };
}

async function stopProcess(child: ChildProcess, ended: Promise<string>, timeoutMs: number): Promise<void> {
  child.stdin?.end();
  const timer = setTimeout(() => killGroup(child.pid), timeoutMs);
  await ended;
  clearTimeout(timer);
}

function killGroup(pid: number | undefined): void {
  if (!pid) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It went in the meantime.
  }
}

function followLines(child: ChildProcess): { lines: string[]; listeners: ((line: string) => void)[] } {
  const lines: string[] = [];
  const listeners: ((line: string) => void)[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      const pieces = (rest + chunk).split(/\r?\n/);
      rest = pieces.pop() ?? '';
      for (const line of pieces.filter((piece) => piece.trim() !== '')) {
        lines.push(line);
        if (lines.length > LOG_LINES) lines.shift();
        for (const listener of listeners) listener(line);
      }
    });
  }
  return { lines, listeners };
}
