import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { smtp } from '../../src/config/alerts.js';
import { checkProject } from '../../src/config/check.js';
import { env } from '../../src/config/env.js';
import { monthly } from '../../src/core/partitions.js';
import { environmentProblems } from '../../src/preflight/environment.js';
import { projectWith } from '../alerts/scene.js';

/** What is said of a sound project with alerts, and more of its pipeline. */
function problemsIn(alerts: unknown, pipeline: object = {}): string[] {
  const value = {
    connections: {},
    contracts: {},
    transforms: {},
    pipelines: { sum: { params: z.object({ month: z.string() }), ...pipeline } },
    ...(alerts !== undefined && { alerts }),
  };
  return checkProject(value, '/nowhere/millrace.config.ts').problems.map((problem) => `${problem.severity}: ${problem.message}`);
}

const HOOK = { kind: 'webhook', url: 'https://example.com/hook' };

describe('alerts', () => {
  test.each([
    {},
    { channels: { ops: { kind: 'webhook', url: { kind: 'env', name: 'OPS' }, secret: 's', headers: { authorization: 'x' } } } },
    { channels: { chat: { kind: 'slack', url: 'https://hooks.example.com/x' } }, rejects: 0.05, mostPerHour: 5 },
    {
      channels: {
        mail: {
          kind: 'smtp',
          host: 'mail',
          from: 'a@b.c',
          to: ['x@y.z', { kind: 'env', name: 'TO' }],
          user: 'u',
          password: { kind: 'env', name: 'P' },
        },
      },
    },
    {
      channels: { ops: HOOK },
      rules: [
        { to: 'ops', kinds: ['slo'], severities: ['critical'], pipelines: ['sum', 'replicate'], owners: ['o'], tags: ['t'] },
      ],
    },
  ])('%s are fine', (alerts) => {
    expect(problemsIn(alerts)).toEqual([]);
  });

  test.each([
    [{ channels: { ops: { kind: 'pager', url: 'x' } } }, /alerts\.channels\.ops.*made by webhook/],
    [{ channels: { ops: { kind: 'webhook' } } }, /alerts\.channels\.ops\.url/],
    [{ channels: { ops: { kind: 'webhook', url: 'ftp://s3cret' } } }, /alerts\.channels\.ops\.url: a URL that begins with https/],
    [
      { channels: { ops: { kind: 'webhook', url: 'https://a.b', secrets: 'x' } } },
      /secrets: There is no such key\. Did you mean "secret"/,
    ],
    [{ channels: { ops: { kind: 'webhook', url: 'https://a.b', headers: { 'a b': 'x' } } } }, /headers/],
    [{ channels: { 'the ops': HOOK } }, /alerts\.channels\.the ops/],
    [{ channels: { m: { kind: 'smtp', host: 'h', from: 'f', to: [] } } }, /alerts\.channels\.m\.to: an address, or several/],
    [{ channels: { m: { kind: 'smtp', host: 'h', from: 'f', to: 't', user: 'u' } } }, /give `user` and `password`, or neither/],
    [
      { channels: { m: { kind: 'smtp', host: 'h', from: 'f', to: 't', tls: 'never', ca: 'x' } } },
      /m\.ca: without TLS it is used for nothing/,
    ],
    [{ channels: { ops: HOOK }, rules: [{ to: 'opps' }] }, /rules\.0\.to: There is no channel "opps"\. Did you mean "ops"/],
    [
      { channels: { ops: HOOK }, rules: [{ to: 'ops', pipelines: ['summ'] }] },
      /There is no pipeline "summ"\. Did you mean "sum"/,
    ],
    [{ channels: { ops: HOOK }, rules: [{ to: 'ops', kinds: ['slos'] }] }, /rules\.0\.kinds/],
    [{ channels: { ops: HOOK }, rules: [{ to: 'ops', kinds: [] }] }, /name at least one, or leave it out/],
    [{ rejects: 5 }, /alerts\.rejects: a share is between 0 and 1/],
    [{ mostPerHour: 0 }, /alerts\.mostPerHour/],
  ])('%s are refused, with what is wrong', (alerts, told) => {
    const problems = problemsIn(alerts);
    expect(problems).toEqual([expect.stringMatching(told)]);
    expect(problems[0]).toMatch(/^error: /);
    expect(problems[0]).not.toContain('s3cret');
  });

  test('a channel that no rule names is doubted', () => {
    const alerts = { channels: { ops: HOOK, chat: HOOK }, rules: [{ to: 'ops' }] };
    expect(problemsIn(alerts)).toEqual([expect.stringMatching(/^warning: .*channels\.chat: No rule names it/)]);
  });

  test('a variable of a channel that is not set is told before a worker polls', () => {
    const to = [env('NOT_SET_1'), 'a@b.c', env('NOT_SET_2')];
    const project = projectWith({ channels: { m: smtp({ host: 'h', from: 'f', to }) } });
    expect(environmentProblems(project, []).map(({ message }) => message)).toEqual([
      expect.stringMatching(/alerts\.channels\.m\.to needs the environment variable NOT_SET_1/),
      expect.stringMatching(/NOT_SET_2/),
    ]);
  });
});

describe('the promise of a pipeline', () => {
  const partition = monthly('month', { from: '2024-01' });

  test.each([
    { partition, slo: { finishWithin: '90 minutes', freshness: '26 hours' } },
    { partition, schedule: { cron: '0 2 1 * *' }, slo: { finishBy: '06:00', timezone: 'Europe/Berlin' } },
  ])('%s is fine, and to go to nobody is doubted', (pipeline) => {
    expect(problemsIn(undefined, pipeline)).toEqual([expect.stringMatching(/^warning: .*slo: Its breaches go to nobody/)]);
  });

  test.each([
    [{ slo: {} }, /slo: give `finishWithin`, `finishBy` or `freshness`/],
    [{ slo: { finishWithin: 'soon' } }, /slo\.finishWithin: a number and a unit/],
    [{ slo: { finishWithin: '0 seconds' } }, /slo\.finishWithin: it is at least one second/],
    [{ slo: { freshness: '500 days' } }, /slo\.freshness: it is at most a year/],
    [{ schedule: { cron: '0 2 1 * *' }, slo: { finishBy: '6:00' } }, /slo\.finishBy: a time of day, as "06:00"/],
    [{ schedule: { cron: '0 2 1 * *' }, slo: { finishBy: '24:00' } }, /slo\.finishBy: a time of day/],
    [{ slo: { freshness: '1 day', timezone: 'UTC' } }, /slo\.timezone: `timezone` goes with `finishBy`/],
    [{ slo: { finishBy: '06:00', timezone: 'Berlin' } }, /slo\.timezone: there is no time zone "Berlin"/],
    [{ slo: { finishBy: '06:00' } }, /slo\.finishBy: Of monthly partitions it cannot be told/],
    [{ alerts: { rejects: -1 } }, /pipelines\.sum\.alerts\.rejects/],
    [{ slo: { finishsBy: '06:00' } }, /slo/],
  ])('%s is refused', (pipeline, told) => {
    const problems = problemsIn(undefined, { partition, ...pipeline });
    expect(problems[0]).toMatch(told);
    expect(problems[0]).toMatch(/^error: /);
  });
});
