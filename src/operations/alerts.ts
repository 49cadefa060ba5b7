import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { requireNoScope } from '../access/caller.js';
import { messageId, sendTo } from '../alerts/channels/open-channel.js';
import { GIVE_UP_AFTER_MS } from '../alerts/retry-policy.js';
import { promisesOf } from '../alerts/slos/promises.js';
import type { ParsedInputOf, ResultOf } from '../api/index.js';
import type { AlertRow } from '../catalog/index.js';
import { projectEnvironment } from '../config/environment.js';
import { TerminalError } from '../core/errors.js';
import { suggestName } from '../core/near-name.js';
import { pipelineFor, sees, type Handlers, type OperationContext } from './context.js';
import { readCursor, writeCursor } from './cursor.js';
import { pipelinesInScope } from './datasets.js';

type AlertView = ResultOf<'getAlert'>;
type AlertHandlers = Handlers<'listAlerts' | 'getAlert' | 'retryAlert' | 'acknowledgeAlert' | 'testAlertChannel' | 'listSlos'>;

const place = z.object({ at: z.string(), key: z.string() });

export const alertHandlers: AlertHandlers = {
  listAlerts,
  getAlert: async (context, { alert }) => view(await alertFor(context, alert)),
  async retryAlert(context, { alert: key }) {
    await alertFor(context, key);
    const now = Date.now();
    const giveUpAt = new Date(now + GIVE_UP_AFTER_MS).toISOString();
    const channels = await context.catalog.retryDeliveries(key, new Date(now).toISOString(), giveUpAt);
    if (channels.length > 0) return { alert: key, channels };
    const message = `No delivery of the alert "${key}" was given up: there is nothing to try again.`;
    throw new TerminalError('ALERT_NOT_DEAD', message, { alert: key });
  },
  async acknowledgeAlert(context, { alert: key, reason }) {
    const { catalog, caller } = context;
    await alertFor(context, key);
    const done = await catalog.acknowledgeAlert(key, caller.name, new Date().toISOString(), reason ?? null);
    const { acknowledged, ...rest } = await alertFor(context, key);
    if (done) return view({ acknowledged, ...rest });
    const message = `${acknowledged?.by ?? 'Somebody'} has acknowledged the alert "${key}" already, at ${acknowledged?.at ?? 'some time'}.`;
    throw new TerminalError('ALERT_ACKNOWLEDGED', message, { alert: key });
  },
  testAlertChannel,
  listSlos,
};

async function listAlerts(context: OperationContext, input: ParsedInputOf<'listAlerts'>): Promise<ResultOf<'listAlerts'>> {
  const { pipeline, cursor, limit, kind, state } = input;
  if (pipeline !== undefined) pipelineFor(context, pipeline);
  const pipelines = pipeline === undefined ? pipelinesInScope(context) : [pipeline];
  const after = cursor === undefined ? undefined : readCursor(cursor, place);
  const found = await context.catalog.listAlerts({
    ...(kind !== undefined && { kind }),
    ...(state !== undefined && { state }),
    ...(pipelines && { pipelines }),
    ...(after && { after }),
    limit: limit + 1,
  });
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const next = found.length > limit && last ? writeCursor({ at: last.at, key: last.key }) : null;
  return { items: items.map(view), next };
}

/** @throws TerminalError ALERT_UNKNOWN, also for one about a pipeline that the caller has nothing to do with */
async function alertFor(context: OperationContext, key: string): Promise<AlertRow> {
  const found = await context.catalog.findAlert(key);
  if (found && (!context.caller.scope || sees(context, found.pipeline ?? null))) return found;
  throw new TerminalError(
    'ALERT_UNKNOWN',
    `The catalog knows no alert "${key}", or none of a pipeline that ${context.caller.name} has to do with. List them with \`millrace alerts list\`.`,
    { alert: key },
  );
}

async function testAlertChannel(
  { project, caller }: OperationContext,
  { channel }: ParsedInputOf<'testAlertChannel'>,
): Promise<ResultOf<'testAlertChannel'>> {
  requireNoScope(caller, 'trying a channel, which is for all pipelines');
  const channels = project.config.alerts?.channels ?? {};
  const config = Object.hasOwn(channels, channel) ? channels[channel] : undefined;
  if (!config) {
    const message = `The config has no channel "${channel}" under \`alerts.channels\`. ${suggestName(channel, Object.keys(channels))}`;
    throw new TerminalError('ALERT_CHANNEL_UNKNOWN', message, { channel });
  }
  const key = `test/${randomBytes(8).toString('hex')}`;
  const began = performance.now();
  const id = messageId(key, channel);
  const alert = {
    key,
    kind: 'housekeeping',
    severity: 'info',
    title: `A test of the channel ${channel}`,
    text: `${caller.name} tries whether alerts of Millrace arrive here. They do.`,
    at: new Date().toISOString(),
  } as const;
  const at = { environment: projectEnvironment(project.root), root: project.root };
  await sendTo(channel, config, at, { id, alert, test: true }, new AbortController().signal);
  return { channel, id, durationMs: Math.round(performance.now() - began) };
}

async function listSlos(context: OperationContext): Promise<ResultOf<'listSlos'>> {
  const known = await context.catalog.listSloStates();
  const promises = promisesOf(context.project).filter(({ pipeline }) => sees(context, pipeline));
  const items = promises.map(({ pipeline, slo, bound }) => {
    const row = known.find((each) => each.pipeline === pipeline && each.slo === slo && each.bound === bound);
    const unknown = { state: 'not watched' as const, since: null, subject: null, lastAt: null, nextAt: null, checkedAt: null };
    if (!row) return { pipeline, slo, bound, ...unknown };
    const { state, since, subject, lastAt, nextAt, checkedAt } = row;
    return { pipeline, slo, bound, state, since, subject, lastAt, nextAt, checkedAt };
  });
  return { items, next: null };
}

function view(row: AlertRow): AlertView {
  const { pipeline = null, partition = null, workflowId = null, runId = null, details = null, deliveries, ...told } = row;
  return {
    ...told,
    pipeline,
    partition,
    workflowId,
    runId,
    details: details === null ? null : { ...details },
    deliveries: deliveries.map(({ alert: _alert, ...delivery }) => delivery),
  };
}
