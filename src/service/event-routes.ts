import { once, setMaxListeners } from 'node:events';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { requireRole, type Caller } from '../access/caller.js';
import { STREAMS } from '../api/index.js';
import { TerminalError } from '../core/errors.js';
import type { OperationServices } from '../operations/context.js';
import { findRun } from '../operations/find-run.js';
import { openRunEvents, type RunEvents } from '../operations/run-events.js';
import type { RunEvent } from '../operations/run-event-list.js';
import { parseRunAddress, type RunAddress } from '../temporal/run-id.js';
import type { Admit } from './authentication.js';
import { inputOf, routeOf } from './operation-routes.js';

/** A sign of life, so that nothing between here and there takes the connection for dead. */
const HEARTBEAT_MS = 15_000;

export interface EventRouteSettings {
  readonly services: OperationServices;
  readonly admit: Admit;
  /** Who makes a request, without counting it: a token that was revoked ends what it began. */
  readonly recall: (request: FastifyRequest) => Promise<Caller>;
}

/** The events of runs, as Server-Sent Events. They end with the run, or with the service. */
export function addEvents(app: FastifyInstance, { services, admit, recall }: EventRouteSettings): void {
  const { path, role } = STREAMS.followRun;
  const runs = openRunEvents(services);
  const stopping = new AbortController();
  // As many listen to it as streams are open; that is no leak.
  setMaxListeners(0, stopping.signal);
  app.addHook('preClose', async () => {
    stopping.abort();
    runs.stop();
  });
  app.get(routeOf(path), { exposeHeadRoute: false }, async (request, reply) => {
    const caller = await admit(request);
    requireRole(caller, role, '`followRun`');
    const run = await findRun({ ...services, caller }, addressOf(request));
    const events = begin(runs, run, request, stopping.signal);
    // What goes wrong so far is a problem document; from here on it ends the stream.
    const first = await events.iterator.next();
    await send(reply, request, { ...events, first, recall });
    return reply;
  });
}

/** @throws TerminalError REQUEST_INVALID */
function addressOf(request: FastifyRequest): RunAddress {
  const parsed = STREAMS.followRun.input.strict().safeParse(inputOf(STREAMS.followRun, request));
  if (parsed.success) return parseRunAddress(parsed.data.run);
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || '(all)'}: ${issue.message}`);
  throw new TerminalError('REQUEST_INVALID', `The request \`followRun\` is wrong: ${problems.join('; ')}.`);
}

interface Events {
  readonly iterator: AsyncGenerator<RunEvent>;
  readonly gone: AbortController;
}

function begin(runs: RunEvents, run: Required<RunAddress>, request: FastifyRequest, stopping: AbortSignal): Events {
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  request.raw.socket.once('close', leave);
  stopping.addEventListener('abort', leave, { once: true });
  const lastId = request.headers['last-event-id'];
  const { workflowId, runId } = run;
  const iterator = runs.listen({ workflowId, runId }, typeof lastId === 'string' ? lastId : undefined, gone.signal);
  gone.signal.addEventListener('abort', () => {
    request.raw.socket.off('close', leave);
    stopping.removeEventListener('abort', leave);
  });
  return { iterator, gone };
}

interface Sending extends Events {
  readonly first: IteratorResult<RunEvent>;
  readonly recall: EventRouteSettings['recall'];
}

async function send(reply: FastifyReply, request: FastifyRequest, { iterator, gone, first, recall }: Sending): Promise<void> {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    // Proxies hold answers back until they are whole, unless they are told.
    'x-accel-buffering': 'no',
  });
  const write = async (text: string): Promise<void> => {
    // Who reads slowly is waited for, so that nothing gathers here.
    if (!raw.write(text)) await once(raw, 'drain', { signal: gone.signal });
  };
  const beat = setInterval(() => {
    if (!raw.writableNeedDrain) raw.write(': still here\n\n');
    recall(request).catch(() => gone.abort());
  }, HEARTBEAT_MS);
  try {
    for (let next = first; !next.done; next = await iterator.next()) await write(messageOf(next.value));
  } catch {
    // The client is gone, or the run can't be followed any more: it sees the end, and asks anew.
  } finally {
    clearInterval(beat);
    await iterator.return(undefined);
    if (!raw.destroyed) raw.end(gone.signal.aborted ? ': the service ends this stream\n\n' : undefined);
    gone.abort();
  }
}

function messageOf({ id, type, data }: RunEvent): string {
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}
