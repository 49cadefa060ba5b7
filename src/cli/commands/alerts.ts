import type { InputOf, ResultOf } from '../../api/index.js';
import { plainTable } from '../../dev/text-format.js';
import { columns } from '../columns.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';
import { listPages } from '../list-pages.js';
import { withOperations } from '../services.js';
import { shortTime } from '../short-time.js';

export type AlertsOptions = Pick<InputOf<'listAlerts'>, 'kind' | 'pipeline' | 'state'> & { readonly limit: number };

type Alert = ResultOf<'getAlert'>;
type Delivery = Alert['deliveries'][number];

const KNOWN_WITHOUT_TEMPORAL = { withCatalogOnly: true } as const;

/** Lists alerts, the latest first. */
export async function list(context: CommandContext, { limit, kind, pipeline, state }: AlertsOptions): Promise<number> {
  const filter = { kind, pipeline, state };
  const found = await withOperations(
    context,
    ({ listAlerts }) => listPages((page) => listAlerts({ ...filter, ...page }), limit),
    KNOWN_WITHOUT_TEMPORAL,
  );
  const { output } = context;
  for (const alert of found) output.data(alert);
  if (found.length === 0) output.text('No alerts, as far as they are asked for.');
  else output.text(plainTable(['alert', 'at (UTC)', 'severity', 'what', 'deliveries'], found.map(cells), 5));
  return EXIT.ok;
}

function cells({ key, at, severity, title, deliveries, heldBack, acknowledged }: Alert): string[] {
  const sent = heldBack ? 'held back' : deliveries.map(({ channel, state }) => `${channel} ${state}`).join(', ');
  return [key, shortTime(at), severity, title, acknowledged ? `${sent || 'none'}; seen by ${acknowledged.by}` : sent || 'none'];
}

/** @throws TerminalError ALERT_UNKNOWN */
export async function show(context: CommandContext, key: string): Promise<number> {
  const alert = await withOperations(context, ({ getAlert }) => getAlert({ alert: key }), KNOWN_WITHOUT_TEMPORAL);
  context.output.data(alert);
  context.output.text(textOf(alert));
  return EXIT.ok;
}

function textOf(alert: Alert): string {
  const { title, text, key, kind, severity, at, pipeline, acknowledged, heldBack, deliveries } = alert;
  const facts = [
    ['  alert', key],
    ['  kind', `${kind}, ${severity}`],
    ['  at', `${shortTime(at)} UTC`],
    ...(pipeline === null ? [] : [['  pipeline', pipeline]]),
    ...(acknowledged ? [['  seen by', seenText(acknowledged)]] : []),
  ];
  const sent = deliveries.length > 0 ? columns(deliveries.map(deliveryCells), 4) : notSent(heldBack);
  return [title, columns(facts, 2), text, sent].join('\n\n');
}

function seenText({ by, at, why }: NonNullable<Alert['acknowledged']>): string {
  return `${by}, ${shortTime(at)} UTC${why === null ? '' : `: ${why}`}`;
}

function notSent(heldBack: boolean): string {
  return heldBack
    ? 'It was sent to no channel: there were too many of its kind within an hour.'
    : 'It goes to no channel: the config has none for it, or nobody has looked yet.';
}

function deliveryCells({ channel, state, attempts, dueAt, endedAt, error }: Delivery): string[] {
  const when = dueAt === null ? shortTime(endedAt) : `next ${shortTime(dueAt)}`;
  return [`  ${channel}`, state, `${attempts} attempts`, [when, error].filter(Boolean).join(': ')];
}

/** @throws TerminalError ALERT_UNKNOWN, ALERT_NOT_DEAD */
export async function retry(context: CommandContext, key: string): Promise<number> {
  const again = await withOperations(context, ({ retryAlert }) => retryAlert({ alert: key }), KNOWN_WITHOUT_TEMPORAL);
  context.output.data(again);
  context.output.text(`It is sent again to ${again.channels.join(', ')}, by the service or a worker.`);
  return EXIT.ok;
}

/** @throws TerminalError ALERT_UNKNOWN, ALERT_ACKNOWLEDGED */
export async function acknowledge(context: CommandContext, key: string, { reason }: { reason?: string }): Promise<number> {
  const input = { alert: key, ...(reason !== undefined && { reason }) };
  const seen = await withOperations(context, ({ acknowledgeAlert }) => acknowledgeAlert(input), KNOWN_WITHOUT_TEMPORAL);
  context.output.data(seen);
  context.output.text(`Others see that ${seen.acknowledged?.by ?? 'you'} sees to it.`);
  return EXIT.ok;
}

/** @throws TerminalError ALERT_CHANNEL_UNKNOWN, ALERT_REFUSED; TransientError ALERT_UNDELIVERED */
export async function tryChannel(context: CommandContext, channel: string): Promise<number> {
  const sent = await withOperations(context, ({ testAlertChannel }) => testAlertChannel({ channel }), KNOWN_WITHOUT_TEMPORAL);
  context.output.data(sent);
  context.output.text(`The channel "${channel}" took the test in ${sent.durationMs} ms (${sent.id}).`);
  return EXIT.ok;
}

/** Lists what pipelines promise. Exit code 1 when a promise is broken. */
export async function slos(context: CommandContext): Promise<number> {
  const { items } = await withOperations(context, ({ listSlos }) => listSlos({}), KNOWN_WITHOUT_TEMPORAL);
  const { output } = context;
  for (const slo of items) output.data(slo);
  if (items.length === 0) output.text('No pipeline promises anything. Give one a `slo` in the config.');
  else
    output.text(
      plainTable(['pipeline', 'promise', 'state', 'since (UTC)', 'about', 'last (UTC)', 'due (UTC)'], items.map(sloCells), 7),
    );
  const looked = items
    .flatMap(({ checkedAt }) => checkedAt ?? [])
    .toSorted()
    .at(-1);
  if (items.length > 0 && (looked === undefined || Date.now() - Date.parse(looked) > STALE_MS)) {
    output.warn(`Nobody watches: neither a worker nor a service has looked since ${looked ?? 'ever'}. Start one of them.`);
  }
  return items.some(({ state }) => state === 'breached') ? EXIT.failed : EXIT.ok;
}

/** Who watches looks every few seconds. */
const STALE_MS = 120_000;

function sloCells({
  pipeline,
  slo,
  bound,
  state,
  since,
  subject,
  lastAt,
  nextAt,
}: ResultOf<'listSlos'>['items'][number]): string[] {
  return [pipeline, `${slo} ${bound}`, state, shortTime(since), subject ?? '', shortTime(lastAt), shortTime(nextAt)];
}
