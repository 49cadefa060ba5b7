import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadedProject } from '../../config/load.js';
import { loadProject } from '../../config/load.js';
import { resolveOptions } from '../../config/resolve-env.js';
import type { Connector } from '../../connectors/contract.js';
import { openConnector } from '../../connectors/registry.js';
import { TerminalError, TransientError } from '../../core/errors.js';
import { scrub } from '../../core/secrets.js';
import { duration, plainTable } from '../../dev/text-format.js';
import { openSession } from '../../engine/session.js';
import { EXIT, exitCodeOf } from '../exit-codes.js';
import { describeError, type ErrorReport } from '../output.js';
import type { CommandContext } from '../command-context.js';

const LIMIT_MS = 8_000;

interface CheckedConnection {
  readonly name: string;
  readonly kind: string;
  readonly ok: boolean;
  /** What answered. */
  readonly answer: string | null;
  readonly error: ErrorReport | null;
  readonly durationMs: number;
}

/**
 * Connects to each connection, or to those named, and tells what answers. The exit code is 0 when all do.
 *
 * @throws TerminalError CONNECTION_UNKNOWN
 */
export async function checkConnections({ output, directory }: CommandContext, names: readonly string[]): Promise<number> {
  const project = await loadProject(directory);
  const known = Object.keys(project.config.connections);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new TerminalError(
      'CONNECTION_UNKNOWN',
      `The config has no connection "${unknown}". It has: ${known.join(', ') || 'none'}.`,
    );
  }
  const checked = await Promise.all((names.length > 0 ? names : known).map((name) => checkOne(project, name)));
  for (const connection of checked) output.data(connection);
  const cells = checked.map(({ name, kind, answer, error, durationMs }) => [
    name,
    kind,
    error ? 'failed' : 'ok',
    duration(durationMs),
    error ? `${error.message} [${error.code}]` : String(answer),
  ]);
  output.text(plainTable(['connection', 'kind', 'state', 'time', ''], cells, 3));
  return Math.max(EXIT.ok, ...checked.map(({ error }) => (error ? exitCodeOf(error.code) : EXIT.ok)));
}

async function checkOne(project: LoadedProject, name: string): Promise<CheckedConnection> {
  const { kind } = project.config.connections[name] ?? { kind: '' };
  const begun = Date.now();
  const secrets: string[] = [];
  try {
    const answer = await withinLimit(name, (signal) => ask(project, name, signal, secrets));
    return { name, kind, ok: true, answer, error: null, durationMs: Date.now() - begun };
  } catch (error) {
    const report = describeError(error);
    return {
      name,
      kind,
      ok: false,
      answer: null,
      error: { ...report, message: scrub(report.message, secrets) },
      durationMs: Date.now() - begun,
    };
  }
}

async function ask(project: LoadedProject, name: string, signal: AbortSignal, secrets: string[]): Promise<string> {
  const config = project.config.connections[name];
  if (!config) throw new TerminalError('CONNECTION_UNKNOWN', `The config has no connection "${name}".`);
  const connector: Connector = await openConnector(config.kind, name, resolveOptions(name, config, project.root));
  secrets.push(...connector.secrets);
  const session = await openSession(project.engine, signal);
  try {
    return await connector.check({ session, signal, progress: () => undefined, checkpoint: () => Promise.resolve() });
  } finally {
    session.close();
    await connector.close();
  }
}

/** Gives up on a system that neither answers nor refuses. */
async function withinLimit(name: string, work: (signal: AbortSignal) => Promise<string>): Promise<string> {
  const controller = new AbortController();
  const message = `The connection "${name}" neither answers nor refuses within ${LIMIT_MS / 1000} s. Check host, port and firewall.`;
  const late = new TransientError('CONNECTION_REFUSED', message);
  const limit = sleep(LIMIT_MS, undefined, { ref: false, signal: controller.signal }).then(() => {
    controller.abort(late);
    throw late;
  });
  // Stopped early, the timer rejects when nobody listens any more.
  limit.catch(() => undefined);
  try {
    return await Promise.race([work(controller.signal), limit]);
  } finally {
    controller.abort();
  }
}
