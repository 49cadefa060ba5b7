import { createHash } from 'node:crypto';
import { Context } from '@temporalio/activity';
import { openArchive } from '../src/archive/open-archive.js';
import { archivePlace } from '../src/config/archive-place.js';
import type { Swept, SweepStepResult } from '../src/core/retention.js';
import type { SweepStepInput } from '../src/core/sweep-step.js';
import { requireKnownRuns } from '../src/housekeeping/known-runs.js';
import type { SweepContext } from '../src/housekeeping/sweep-context.js';
import { tidy } from '../src/housekeeping/tidy.js';
import type { Services } from './services.js';
import { stepActivity } from './step-activity.js';
import type { StepCall } from './step-call.js';
import { ownTemporal } from './temporal-client.js';

/** Removes what the config keeps no longer, of one kind. */
export function makeSweep(services: Services) {
  return stepActivity<SweepStepInput, SweepStepResult>(withoutQuota(services), 'sweep', async (input, call) => {
    call.phase('looking');
    await requireKnownRuns(services.catalog, ownTemporal(Context.current()), services.project, Date.now());
    const swept = await audited(services, input, () => sweep(services, input, call));
    if (call.signal.aborted) throw call.signal.reason;
    return { result: { swept }, inputs: [] };
  });
}

async function sweep(services: Services, { sweep: what, dryRun }: SweepStepInput, call: StepCall): Promise<Swept> {
  const { project, catalog, staging } = services;
  const place = archivePlace(project);
  const archive = place && openArchive(place, project.engine.spillDirectory);
  const context: SweepContext = {
    catalog,
    inventory: staging.inventory,
    archive,
    project: { namespace: Context.current().info.namespace, taskQueue: project.taskQueue },
    retention: project.retention ?? {},
    dryRun,
    now: Date.now(),
    signal: call.signal,
    progress: (done) => call.progress(done),
  };
  call.phase(dryRun ? 'looking' : 'removing');
  try {
    return await tidy(context, what);
  } finally {
    await archive?.close();
  }
}

/** A staging folder that is full is what is to be mended. */
function withoutQuota(services: Services): Services {
  const { staging } = services.project;
  const roomy = Object.create(services.project, {
    staging: {
      value: {
        root: staging.root,
        get s3() {
          return staging.s3;
        },
      },
      enumerable: true,
    },
  }) as Services['project'];
  return { ...services, project: roomy };
}

/** Writes to the audit what is about to be removed, and then what was; a retry of the step writes its own entry. */
async function audited({ catalog }: Services, input: SweepStepInput, work: () => Promise<Swept>): Promise<Swept> {
  const { info } = Context.current();
  const { workflowId, runId } = input.run;
  if (input.dryRun) return work();
  const stamp = Date.now().toString(36).padStart(9, '0');
  const own = createHash('sha256').update(`${runId}/${input.step}/${info.attempt}`).digest('hex').slice(0, 12);
  const id = `${stamp}${own}`;
  await catalog.beginAudit({
    id,
    at: new Date().toISOString(),
    actor: 'housekeeping',
    actorKind: 'local',
    actorId: null,
    role: 'admin',
    from: null,
    requestId: runId,
    operation: `sweep ${input.sweep}`,
    target: workflowId,
    input: '{}',
  });
  const swept = await work();
  const { removed, bytes } = swept;
  const result = JSON.stringify({ removed, bytes });
  const end = { outcome: 'done' as const, endedAt: new Date().toISOString(), code: null, message: null, target: null };
  await catalog.endAudit(id, { ...end, result }).catch(() => undefined);
  return swept;
}
