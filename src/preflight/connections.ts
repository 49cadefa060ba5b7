import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadedProject } from '../config/load.js';
import { resolveOptions } from '../config/resolve-env.js';
import type { Connector, ExtensionName } from '../connectors/contract.js';
import { openConnector } from '../connectors/registry.js';
import { MillraceError, TerminalError, TransientError } from '../core/errors.js';
import { isRemote } from '../core/place.js';
import { problemOf, type Problem } from '../core/problems.js';
import { scrub } from '../core/secrets.js';
import { openSession } from '../engine/session.js';
import { openStaging } from '../engine/open-staging.js';
import { placeIn } from './config-place.js';
import { connectionPlace } from './environment.js';

/** How a connection answered. */
export interface CheckedConnection {
  readonly name: string;
  readonly kind: string;
  /** What answered; `null` when there is a problem. */
  readonly answer: string | null;
  readonly problem: Problem | null;
  readonly durationMs: number;
}

/**
 * Connects to one connection of a project and tells what answers, within a limit of time.
 *
 * What may mend itself, a server that is down or a folder that is not there yet, is a warning: a step that meets it is
 * tried again. What only a person can mend, as a wrong password, is an error.
 */
export async function checkConnection(project: LoadedProject, name: string, limitMs: number): Promise<CheckedConnection> {
  const kind = project.config.connections[name]?.kind ?? '';
  const begun = Date.now();
  const secrets: string[] = [];
  try {
    const answer = await withinLimit(name, limitMs, (signal) => ask(project, name, signal, secrets));
    return { name, kind, answer, problem: null, durationMs: Date.now() - begun };
  } catch (error) {
    const problem = problemOf(error, connectionPlace(project, name));
    const told = { ...problem, severity: severityOf(error), message: scrub(problem.message, secrets) };
    return { name, kind, answer: null, problem: told, durationMs: Date.now() - begun };
  }
}

/** Connects to every connection at once. One whose environment is incomplete is left out: that is told elsewhere. */
export async function connectionProblems(project: LoadedProject, limitMs: number): Promise<Problem[]> {
  const names = Object.keys(project.config.connections);
  const checked = await Promise.all(names.map((name) => checkConnection(project, name, limitMs)));
  const problems = [...checked.map(({ problem }) => problem), await stagingProblem(project, limitMs)];
  return problems.flatMap((problem) => (problem && !problem.code.startsWith('ENV_') ? [problem] : []));
}

async function stagingProblem(project: LoadedProject, limitMs: number): Promise<Problem | null> {
  if (!isRemote(project.staging.root)) return null;
  const secrets: string[] = [];
  try {
    const staging = openStaging(project.staging, project.engine.spillDirectory);
    secrets.push(...staging.secrets);
    try {
      await withinLimit('staging', limitMs, (signal) => staging.check(signal));
    } finally {
      await staging.close();
    }
    return null;
  } catch (error) {
    const problem = problemOf(error, placeIn(project, ['staging']));
    return { ...problem, severity: severityOf(error), message: scrub(problem.message, secrets) };
  }
}

/** Loads the extensions of DuckDB that the connections work with, fetching those that this machine has not. */
export async function extensionProblems(project: LoadedProject): Promise<Problem[]> {
  const needed = new Map<ExtensionName, string>();
  for (const [name, { kind }] of Object.entries(project.config.connections)) {
    for (const extension of await extensionsOf(project, name, kind)) if (!needed.has(extension)) needed.set(extension, name);
  }
  if (isRemote(project.staging.root)) needed.set('httpfs', needed.get('httpfs') ?? '');
  if (needed.size === 0) return [];
  const session = await openSession({ ...project.engine, threads: 1 }, new AbortController().signal);
  const problems: Problem[] = [];
  try {
    for (const [extension, name] of needed) {
      await session.loadExtension(extension).catch((error: unknown) => {
        problems.push(problemOf(error, name === '' ? placeIn(project, ['staging']) : connectionPlace(project, name)));
      });
    }
    return problems;
  } finally {
    session.close();
  }
}

// A connection that cannot even be opened is told by its check.
async function extensionsOf(project: LoadedProject, name: string, kind: string): Promise<readonly ExtensionName[]> {
  try {
    const connector = await open(project, name, kind);
    await connector.close();
    return connector.extensions ?? [];
  } catch {
    return [];
  }
}

function open(project: LoadedProject, name: string, kind: string): Promise<Connector> {
  const config = project.config.connections[name];
  if (!config) throw new TerminalError('CONNECTION_UNKNOWN', `The config has no connection "${name}".`);
  return openConnector(kind, name, resolveOptions(name, config, project.root));
}

async function ask(project: LoadedProject, name: string, signal: AbortSignal, secrets: string[]): Promise<string> {
  const connector = await open(project, name, project.config.connections[name]?.kind ?? '');
  secrets.push(...connector.secrets);
  const session = await openSession(project.engine, signal);
  try {
    return await connector.check({ session, signal, progress: () => undefined, checkpoint: () => Promise.resolve() });
  } finally {
    session.close();
    await connector.close();
  }
}

function severityOf(error: unknown): Problem['severity'] {
  return error instanceof MillraceError && (error.retryable || error.code === 'FILE_MISSING') ? 'warning' : 'error';
}

/** Gives up on a system that neither answers nor refuses. */
async function withinLimit<T>(name: string, limitMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const message = `The connection "${name}" neither answers nor refuses within ${limitMs / 1000} s. Check host, port and firewall.`;
  const late = new TransientError('CONNECTION_REFUSED', message);
  const limit = sleep(limitMs, undefined, { ref: false, signal: controller.signal }).then(() => {
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
