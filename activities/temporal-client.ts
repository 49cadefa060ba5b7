import { Context } from '@temporalio/activity';
import type { TemporalClient } from '../src/temporal/connect.js';

/** The server that gave the activity to do, as a client sees it. */
export function ownTemporal({ client, info }: Context = Context.current()): TemporalClient {
  return { client, address: 'the worker’s server', namespace: info.namespace, close: () => Promise.resolve() };
}
