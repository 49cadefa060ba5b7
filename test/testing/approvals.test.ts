import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineProject, files } from '../../src/config/index.js';
import { stepFailure, testPipeline } from '../../src/testing/index.js';
import { pipelines } from '../../workflows/index.js';

const project = defineProject({
  connections: { lake: files({ root: '.' }) },
  contracts: {},
  transforms: {},
  pipelines: { publish: { params: z.object({}) }, lenient: { params: z.object({}) } },
});
const pipeline = pipelines<typeof project>();

const publish = pipeline('publish', async (run) => {
  const { approvedBy } = await run.approve({ title: 'Publish?', roles: ['finance'], needed: 2 });
  return approvedBy.map(({ by, role }) => `${by} as ${String(role)}`);
});
const lenient = pipeline('lenient', async (run) => run.approve({ title: 'Publish?', expires: '1 day', onExpiry: 'approve' }));

test('in a test everybody who is asked approves, unless it says otherwise', async () => {
  const result = await testPipeline(project, publish);
  expect(result.value).toEqual(['test 1 as finance', 'test 2 as finance']);
  expect(result.steps).toMatchObject([{ step: 'approve:publish', status: 'done' }]);
});

test.each([
  ['rejected', 'APPROVAL_REJECTED', /^Step approve:publish failed: test 1 rejected "Publish\?"/],
  ['expired', 'APPROVAL_EXPIRED', /^Step approve:publish failed: "Publish\?" \(approve:publish\) was to be approved/],
] as const)('an approval that is %s fails as it does in a run', async (outcome, code, message) => {
  const result = await testPipeline(project, publish, { approvals: { publish: outcome } });
  expect(result.error).toMatchObject({ code, message: expect.stringMatching(message) as string });
  expect(result.steps).toMatchObject([{ step: 'approve:publish', status: 'failed' }]);
});

test('one that counts as approved when its time is over says so, and a step that fails by itself does', async () => {
  expect((await testPipeline(project, lenient, { approvals: { publish: 'expired' } })).value).toEqual({
    approvedBy: [],
    expired: true,
  });
  const failures = { 'approve:publish': stepFailure('CATALOG_UNAVAILABLE') };
  expect((await testPipeline(project, publish, { failures })).error?.code).toBe('CATALOG_UNAVAILABLE');
});
