import { expect, test } from 'vitest';
import type { ApprovalState } from '../../src/core/approvals.js';
import { onBothDatabases } from './fresh-catalog.js';
import { at, RUN, runStarted } from './sample-facts.js';

const SCOPE = { pipeline: 'flightDelays', partition: '2001-01', loadScope: 'flightDelays/2001-01/run-1/0' };

function asked(changes: Partial<ApprovalState> = {}): ApprovalState {
  return {
    step: 'approve:publish',
    title: 'Publish?',
    details: { rows: 3 },
    roles: ['finance'],
    needed: 2,
    fourEyes: true,
    onExpiry: 'reject',
    change: 1,
    since: at(1),
    expiresAt: at(100),
    status: 'waiting',
    answers: [],
    endedAt: null,
    ...changes,
  };
}

const ADA = { verdict: 'approve', by: 'ada', role: 'finance', at: at(2) } as const;
const BOB = { verdict: 'approve', by: 'bob', reason: 'fine', role: 'finance', at: at(3) } as const;

onBothDatabases((fresh) => {
  test('an approval is as its latest word has it, and so is its step, in whatever order words come', async () => {
    const { catalog } = await fresh();
    await catalog.recordRunStarted(runStarted());
    const given = asked({ change: 3, status: 'approved', answers: [ADA, BOB], endedAt: at(3) });
    expect(await catalog.recordApproval({ ...RUN, run: SCOPE, approval: given })).toBe(true);
    expect(await catalog.recordApproval({ ...RUN, run: SCOPE, approval: asked() })).toBe(false);
    expect(await catalog.recordApproval({ ...RUN, run: SCOPE, approval: asked({ change: 2, answers: [ADA] }) })).toBe(false);
    const kept = { ...RUN, ...given, pipeline: 'flightDelays', partition: '2001-01', takenFrom: null };
    expect(await catalog.findApproval(RUN, 'approve:publish')).toEqual(kept);
    expect(await catalog.listApprovalsOf(RUN)).toEqual([kept]);
    expect(await catalog.findApproval(RUN, 'approve:other')).toBeUndefined();
    expect(await catalog.listSteps(RUN.workflowId, RUN.runId)).toMatchObject([
      {
        step: 'approve:publish',
        kind: 'approve',
        status: 'done',
        startedAt: at(1),
        finishedAt: at(3),
        result: { approved: { answers: [ADA, BOB], expired: false } },
      },
    ]);
  });

  test('one that is rejected or expired is a failed step, unless it counts as approved then', async () => {
    const { catalog } = await fresh();
    await catalog.recordRunStarted(runStarted());
    const record = (approval: ApprovalState) => catalog.recordApproval({ ...RUN, run: SCOPE, approval });
    const no = { verdict: 'reject', by: 'eve', reason: 'no', at: at(2) } as const;
    await record(asked({ step: 'approve:a', change: 2, status: 'rejected', answers: [no], endedAt: at(2) }));
    await record(asked({ step: 'approve:b', change: 2, status: 'expired', endedAt: at(2), since: at(2) }));
    await record(asked({ step: 'approve:c', change: 2, status: 'expired', onExpiry: 'approve', endedAt: at(2), since: at(3) }));
    const steps = await catalog.listSteps(RUN.workflowId, RUN.runId);
    expect(steps.map(({ step, status, error }) => [step, status, error?.code])).toEqual([
      ['approve:a', 'failed', 'APPROVAL_REJECTED'],
      ['approve:b', 'failed', 'APPROVAL_EXPIRED'],
      ['approve:c', 'done', undefined],
    ]);
    expect(steps[0]?.error?.message).toBe('eve rejected "Publish?" (approve:a): no.');
  });

  test('what waits is listed from the longest on, page by page, until its run has ended', async () => {
    const { catalog } = await fresh();
    const runs = [1, 2, 3].map((number) => ({ ...RUN, runId: `run-${number}` }));
    for (const [index, run] of runs.entries()) {
      await catalog.recordRunStarted(runStarted({ ...run, firstRunId: run.runId }));
      await catalog.recordApproval({ ...run, run: SCOPE, approval: asked({ since: at(10 - index) }) });
    }
    const waiting = { status: 'waiting', limit: 2 } as const;
    const page = await catalog.listApprovals(waiting);
    expect(page.map(({ runId }) => runId)).toEqual(['run-3', 'run-2']);
    const after = { since: at(9), runId: 'run-2', step: 'approve:publish' };
    expect((await catalog.listApprovals({ ...waiting, after })).map(({ runId }) => runId)).toEqual(['run-1']);
    expect(await catalog.listApprovals({ ...waiting, pipelines: ['other'] })).toEqual([]);
    expect(await catalog.listApprovals({ ...waiting, pipelines: [] })).toEqual([]);
    expect(await catalog.listApprovals({ ...waiting, run: { workflowId: RUN.workflowId, runId: 'run-1' } })).toHaveLength(1);
    await catalog.recordRunClosed({ ...RUN, runId: 'run-2', status: 'terminated', finishedAt: at(20) });
    expect((await catalog.listApprovals({ status: 'waiting', limit: 9 })).map(({ runId }) => runId)).toEqual(['run-3', 'run-1']);
    expect(await catalog.listApprovals({ status: 'ended', limit: 9 })).toMatchObject([
      { runId: 'run-2', status: 'ended', endedAt: at(20) },
    ]);
    expect(await catalog.listSteps(RUN.workflowId, 'run-2')).toMatchObject([
      { status: 'failed', error: { code: 'INTERRUPTED' } },
    ]);
  });

  test('a run that says of itself only that it waits is known by that, as one is that a reset made', async () => {
    const { catalog } = await fresh();
    await catalog.recordApproval({ ...RUN, run: SCOPE, approval: asked({ details: null }) });
    expect(await catalog.findRun(RUN.workflowId)).toMatchObject({
      pipeline: 'flightDelays',
      status: 'running',
      startedAt: at(1),
    });
  });

  test('tokens keep their groups', async () => {
    const { catalog } = await fresh();
    const token = {
      id: 'a1',
      name: 'fred',
      role: 'viewer',
      scope: null,
      groups: ['finance'],
      secretHash: 'x',
      createdAt: at(0),
      createdBy: 'boss',
      expiresAt: null,
      revokedAt: null,
      revokedBy: null,
      lastUsedAt: null,
    };
    await catalog.createToken(token);
    expect(await catalog.findToken('a1')).toEqual(token);
  });
});
