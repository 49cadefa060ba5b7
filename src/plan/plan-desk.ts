import os from 'node:os';
import path from 'node:path';
import { connectionsOf } from '../../activities/connect.js';
import type { LoadedProject } from '../config/load.js';
import type { CallContext, Connector } from '../connectors/contract.js';
import type { Column } from '../core/dataset.js';
import { MillraceError, TerminalError } from '../core/errors.js';
import { scrub } from '../core/secrets.js';
import { lockForBinding } from '../engine/bind-transform.js';
import { openSession, type EngineSession } from '../engine/session.js';
import type { PlanNote } from './plan.js';

/** How long a system may take over one question. */
const LIMIT_MS = 15_000;

/** What is wrong with this machine or with a system, and says nothing of the pipeline. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'ENV_MISSING',
  'ENV_INVALID',
  'CREDENTIALS_REJECTED',
  'DATABASE_MISSING',
  'EXTENSION_MISSING',
]);

/** What a connection has said; without it, why it has not. */
export interface Answer<T> {
  readonly value: T | undefined;
  readonly note?: PlanNote;
}

/** What a plan works with: the project, its connections, and a DuckDB that computes nothing. */
export class PlanDesk {
  private binder: EngineSession | undefined;
  /** The columns of the targets of this plan's loads, which other steps may read. */
  readonly targets = new Map<string, readonly Column[] | null>();

  constructor(readonly project: LoadedProject) {}

  /**
   * Asks a connection. A system that cannot be asked leaves the answer open, with a warning; what it answers may be an error.
   *
   * @throws TerminalError what the step would fail with
   */
  async ask<T>(name: string, question: (connector: Connector, context: CallContext) => Promise<T>): Promise<Answer<T>> {
    const secrets: string[] = [];
    try {
      const value = await this.open(name, (connector, context) => {
        secrets.push(...connector.secrets);
        return question(connector, context);
      });
      return { value };
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      const message = scrub(error.message, secrets);
      if (!error.retryable && !ELSEWHERE.has(error.code))
        throw new TerminalError(error.code, message, error.details, { cause: error });
      return {
        value: undefined,
        note: { severity: 'warning', code: error.code, message: `What it has is not known: ${message}` },
      };
    }
  }

  /** Opens a connection for one piece of work. */
  async open<T>(name: string, work: (connector: Connector, context: CallContext) => Promise<T>): Promise<T> {
    const signal = AbortSignal.timeout(LIMIT_MS);
    const connector = await connectionsOf(this.project)(name);
    const session = await this.session(signal);
    try {
      return await work(connector, { session, signal, progress: () => undefined, checkpoint: () => Promise.resolve() });
    } finally {
      session.close();
      await connector.close();
    }
  }

  /** Binds SQL in a session that sees no file and no network. */
  async bind<T>(work: (session: EngineSession) => Promise<T>): Promise<T> {
    if (!this.binder) {
      this.binder = await this.session(new AbortController().signal);
      await lockForBinding(this.binder);
    }
    return work(this.binder);
  }

  close(): void {
    this.binder?.close();
  }

  // Nothing is spilled by a session that reads no rows; what it needs for a moment is not the project's.
  private session(signal: AbortSignal): Promise<EngineSession> {
    return openSession(
      { ...this.project.engine, threads: 1, spillDirectory: path.join(os.tmpdir(), `millrace-plan-${process.pid}`) },
      signal,
    );
  }
}

/** A side of a connection. @throws TerminalError CAPABILITY_MISSING */
export function capable<T>(side: T | undefined, name: string, { kind }: Connector, otherwise: string): T {
  if (side !== undefined) return side;
  throw new TerminalError('CAPABILITY_MISSING', `Connection "${name}" (${kind}) ${otherwise}.`);
}
