import { expect, test } from 'vitest';
import type { Catalog } from '../../src/catalog/index.js';
import type { AlertKind } from '../../src/core/alerts.js';
import type { TriggerEvaluation } from '../../src/core/trigger.js';
import { onBothDatabases } from '../catalog/fresh-catalog.js';
import { temporaryFolder } from '../support/folder.js';
import { ago, DAY_MS, sweepAll } from './scenario.js';

const trigger = 'millrace.trigger/queue/report';

function decided(age: number, partition: string | null, outcome: TriggerEvaluation['outcome']): TriggerEvaluation {
  const at = ago(age);
  const told = { code: null, reason: outcome, inputs: [], workflowId: null, runId: null };
  return { trigger, id: `${at}/000000001${partition ?? ''}`, pipeline: 'report', kind: 'after', partition, at, outcome, ...told };
}

/** An alert that was raised so many days ago, and sent at once if it was. */
async function raise(
  catalog: Catalog,
  key: string,
  age: number,
  kind: AlertKind = 'trigger',
  sent = true,
  pipeline?: string,
): Promise<void> {
  const at = ago(age);
  await catalog.raiseAlert({
    key,
    kind,
    severity: 'warning',
    title: key,
    text: key,
    at,
    ...(pipeline !== undefined && { pipeline }),
  });
  await catalog.routeAlert({ key, channels: ['ops'], heldBack: false, at, giveUpAt: ago(age - 1) });
  if (!sent) return;
  const claimed = await catalog.claimDelivery('ops', at, at);
  if (claimed) await catalog.endDelivery(claimed, { state: 'sent', at });
}

onBothDatabases((fresh) => {
  test('what triggers decided goes, but for the last decision about each partition', async () => {
    const { catalog } = await fresh();
    const staging = temporaryFolder();
    await catalog.recordTriggerEvaluations([
      decided(300, '2001-01', 'waiting'),
      decided(250, '2001-01', 'started'),
      decided(300, '2001-02', 'waiting'),
      decided(300, null, 'waiting'),
      decided(200, null, 'refused'),
      decided(10, '2001-01', 'waiting'),
    ]);
    await sweepAll(catalog, staging, { catalog: 100 * DAY_MS });
    const left = await catalog.listTriggerEvaluations({ trigger, limit: 10 });
    expect(left.map(({ partition, outcome, at }) => [partition, outcome, at])).toEqual([
      ['2001-01', 'waiting', ago(10)],
      [null, 'refused', ago(200)],
      ['2001-02', 'waiting', ago(300)],
    ]);
  });

  test('alerts go with their deliveries, after 30 days at the least, unless they are on their way or of a promise that is broken', async () => {
    const { catalog } = await fresh();
    const staging = temporaryFolder();
    await raise(catalog, 'old', 200);
    await raise(catalog, 'a broken promise', 190, 'slo', true, 'late');
    await raise(catalog, 'a kept promise', 190, 'slo', true, 'punctual');
    const promise = { slo: 'freshness' as const, bound: '1 day', watchedSince: ago(400), checkedAt: ago(0), since: ago(191) };
    const none = { subject: null, lastAt: null, nextAt: null };
    await catalog.recordSloStates([
      { pipeline: 'late', ...promise, ...none, state: 'breached' },
      { pipeline: 'punctual', ...promise, ...none, state: 'ok' },
    ]);
    await raise(catalog, 'of last week', 7);
    await raise(catalog, 'on its way', 180, 'trigger', false);
    const [swept] = (await sweepAll(catalog, staging, { catalog: DAY_MS })).filter(({ sweep }) => sweep === 'catalog');
    expect(swept?.removed).toMatchObject({ alerts: 2, alert_deliveries: 2 });
    const left = await catalog.listAlerts({ limit: 10 });
    expect(left.map(({ key }) => key)).toEqual(['of last week', 'on its way', 'a broken promise']);
    expect(
      await catalog.raiseAlert({ key: 'on its way', kind: 'trigger', severity: 'warning', title: '', text: '', at: ago(1) }),
    ).toBe(false);
  });
});
