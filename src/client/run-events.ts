import type { RunEventData, RunEventType } from '../api/schemas/run-events.js';
import { MillraceError, TransientError } from '../core/errors.js';
import { answerError } from './answer-error.js';
import { readMessages, type StreamMessage } from './event-stream.js';
import { headersOf, urlOf, type CallOptions } from './http.js';
import { pause, retryDelayMs } from './retry-delay.js';
import { reasonOf, RETRIES, unreachable, type Service } from './send.js';

/** Something that happened to a run. */
export type RunEvent = {
  readonly [Name in RunEventType]: {
    /** Where to go on after it. */
    readonly id: string;
    readonly event: Name;
    readonly data: RunEventData<Name>;
  };
}[RunEventType];

export interface EventOptions extends CallOptions {
  /** The id of an event: what happened until then is left out. @default everything is told */
  readonly after?: string;
}

/** A service sends a comment more often than this; without one the connection is dead, whatever TCP thinks of it. */
const SILENCE_MS = 60_000;
/** A connection that lasted so long was a good one, however it ended. */
const LONG_MS = 10_000;

/**
 * What happens to a run, from its beginning to its end. A connection that breaks is made again, and goes on where it was.
 *
 * @throws TransientError SERVICE_UNREACHABLE after `retries` connections that soon broke; TerminalError RUN_UNKNOWN and what
 * else the service answers
 */
export async function* followEvents(service: Service, run: string, options: EventOptions = {}): AsyncGenerator<RunEvent> {
  const { retries = RETRIES } = service;
  let last = options.after;
  for (let failures = 0; ;) {
    const began = Date.now();
    try {
      for await (const message of connectOnce(service, run, last, options.signal)) {
        last = message.id || last;
        if (!isKnown(message)) continue;
        yield { id: message.id, event: message.event, data: JSON.parse(message.data) as never };
        if (message.event === 'end') return;
      }
      // In order, as by a service that stops.
      throw unreachable(service, `it closed the stream of events of run ${run}`, undefined);
    } catch (error) {
      options.signal?.throwIfAborted();
      failures = Date.now() - began > LONG_MS ? 1 : failures + 1;
      const delayMs = retryDelayMs(failures - 1, error instanceof TransientError ? error.retryAfterMs : undefined);
      if (!(error instanceof TransientError) || failures > retries || delayMs === undefined) throw error;
      await pause(delayMs, options.signal);
    }
  }
}

const NAMES: readonly string[] = ['state', 'step', 'log', 'end'] satisfies RunEventType[];

/** Those of a newer service are left out. */
function isKnown(message: StreamMessage): message is StreamMessage & { readonly event: RunEventType } {
  return NAMES.includes(message.event);
}

async function* connectOnce(
  service: Service,
  run: string,
  after: string | undefined,
  given: AbortSignal | undefined,
): AsyncGenerator<StreamMessage> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  const heard = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENCE_MS);
  };
  const signal = given ? AbortSignal.any([given, silence.signal]) : silence.signal;
  try {
    const url = urlOf(service, `/v1/runs/${encodeURIComponent(run)}/events`);
    const headers = { ...headersOf(service, 'text/event-stream'), ...(after !== undefined && { 'last-event-id': after }) };
    const response = await fetch(url, { headers, signal, redirect: 'manual' });
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    if (!response.ok || !isStream || !response.body) throw await refusal(service, response);
    yield* readMessages(
      response.body.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform(chunk, controller) {
            heard();
            controller.enqueue(chunk);
          },
        }),
      ),
    );
  } catch (error) {
    if (error instanceof MillraceError || given?.aborted === true) throw error;
    const reason = silence.signal.aborted ? `nothing was heard of run ${run} for ${SILENCE_MS} ms` : reasonOf(error).message;
    throw unreachable(service, reason, error);
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

async function refusal(service: Service, response: Response): Promise<MillraceError> {
  const body: unknown = await response.json().catch(() => undefined);
  return answerError(service, response, body);
}
