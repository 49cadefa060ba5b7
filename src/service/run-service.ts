import type { FastifyInstance } from 'fastify';
import { isLoopback } from '../access/loopback.js';
import { startAlertWatch } from '../alerts/watch.js';
import { openCatalog, type Catalog } from '../catalog/index.js';
import { projectEnvironment } from '../config/environment.js';
import type { LoadedProject } from '../config/load.js';
import { servicePlan } from '../config/service-plan.js';
import { messageOf, TerminalError } from '../core/errors.js';
import type { OperationServices } from '../operations/context.js';
import { openTemporalStates } from '../operations/temporal-states.js';
import { startReconciler } from '../reconciler/reconciler.js';
import { connectTemporal, type TemporalClient } from '../temporal/connect.js';
import { temporalTarget } from '../temporal/target.js';
import { openAuthentication } from './authentication.js';
import { createService, type ServiceSettings } from './server.js';

/** How long those who asked may take to read their answers when the service stops. */
const LAST_ANSWERS_MS = 10_000;

export interface ServiceOptions {
  readonly project: LoadedProject;
  /** @default from the environment and Temporal's config file */
  readonly address?: string;
  /** Beyond this machine only where everybody needs a token. @default '127.0.0.1' */
  readonly host?: string;
  /** 0: any free one. @default 8300 */
  readonly port?: number;
  /** How long a run may take to answer when it is steered. @default 1000 */
  readonly answerMs?: number;
  /** Is told of errors that nobody expected. @default they go to stderr */
  readonly onUnexpected?: ServiceSettings['onUnexpected'];
}

export interface RunningService {
  /** As `http://127.0.0.1:8300`. */
  readonly url: string;
  /** Whether nobody needs a token: there is none yet, and only this machine reaches it. */
  readonly open: boolean;
  /** Answers what it has begun to answer, for 10 s at most, and stops. */
  stop(): Promise<void>;
}

/**
 * Starts the client service of a project.
 *
 * @throws TransientError TEMPORAL_UNREACHABLE, CATALOG_UNAVAILABLE
 * @throws TerminalError PORT_BUSY, SERVICE_UNPROTECTED, ENV_MISSING, ENV_INVALID
 */
export async function startService(options: ServiceOptions): Promise<RunningService> {
  const { project, address } = options;
  const catalog = await openCatalog(project.catalog);
  let temporal: TemporalClient | undefined;
  const close = async (): Promise<void> => {
    await catalog.close();
    await temporal?.close();
  };
  try {
    temporal = await connectTemporal(temporalTarget({ ...(address !== undefined && { address }) }));
    return await listen(options, catalog, temporal, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function listen(
  { project, host = '127.0.0.1', port = 8300, answerMs, onUnexpected = tellStderr }: ServiceOptions,
  catalog: Catalog,
  temporal: TemporalClient,
  close: () => Promise<void>,
): Promise<RunningService> {
  const environment = projectEnvironment(project.root);
  const { oidc, rateLimit, proxies } = servicePlan(project.config.service ?? {}, environment);
  // An empty variable counts as none, as compose files and CI systems set them.
  const adminToken = environment('MILLRACE_ADMIN_TOKEN') || undefined;
  const loopback = isLoopback(host);
  const authentication = openAuthentication({ catalog, oidc, adminToken, loopback });
  if (!loopback && !oidc && adminToken === undefined && !(await catalog.hasTokens())) throw unprotected(host);
  const states = openTemporalStates(temporal, project.taskQueue);
  const services = { project, catalog, temporal, states, ...(answerMs !== undefined && { answerMs }) };
  const app = createService({ services, authentication, rate: rateLimit, proxies, onUnexpected });
  const watches: Watch[] = [];
  app.addHook('onClose', async () => {
    for (const watch of watches) await watch.stop();
    await close();
  });
  const url = await app.listen({ host, port }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EADDRINUSE' ? portBusy(host, port) : error;
  });
  watches.push(...startWatches(services));
  return { url, open: await authentication.isOpen(), stop: () => stop(app) };
}

interface Watch {
  stop(): Promise<void>;
}

/** What workers do too: here, it goes on while none is there. */
function startWatches({ catalog, temporal, project }: OperationServices): Watch[] {
  const log = { info: () => undefined, warn: tellLine };
  return [startReconciler({ catalog, temporal, log }), startAlertWatch({ catalog, project, temporal, log })];
}

function tellLine(message: string, meta?: Record<string, unknown>): void {
  process.stderr.write(`${message}${meta ? ` ${JSON.stringify(meta)}` : ''}\n`);
}

/** Answers what has begun, as long as those who asked take the answers. */
async function stop(app: FastifyInstance): Promise<void> {
  const impatience = setTimeout(() => app.server.closeAllConnections(), LAST_ANSWERS_MS);
  await app.close();
  clearTimeout(impatience);
}

function unprotected(host: string): TerminalError {
  return new TerminalError(
    'SERVICE_UNPROTECTED',
    `Anybody could call the service on ${host}: there is no token yet. Make one with \`millrace tokens create NAME --role admin\`, set MILLRACE_ADMIN_TOKEN, or configure \`service.oidc\`; or listen on 127.0.0.1.`,
  );
}

function portBusy(host: string, port: number): TerminalError {
  return new TerminalError(
    'PORT_BUSY',
    `Something listens on ${host}:${port} already. Free the port, or choose another with --port.`,
  );
}

function tellStderr(error: unknown, instance: string): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  process.stderr.write(`${instance}: ${text}\n`);
}
