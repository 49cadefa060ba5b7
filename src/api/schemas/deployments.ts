import { z } from 'zod';
import { time } from './lists.js';

export const buildId = z.string().min(1).max(255).describe('The build id of a version.');

export const deploymentVersion = z
  .object({
    version: buildId,
    status: z
      .enum(['inactive', 'current', 'ramping', 'draining', 'drained'])
      .describe(
        '`current` and `ramping` get new runs; `draining` has open runs that are pinned to it; `drained` has none; `inactive` never had any.',
      ),
    workers: z.number().describe('Workers that are there; one that was killed counts for up to 70 s.'),
    openRuns: z.number().nullable().describe('Workflows that are open on it; null where the server cannot tell.'),
    createdAt: time,
    changedAt: time.nullable().describe('When it last became current or ramping, or ceased to be.'),
  })
  .meta({ id: 'DeploymentVersion' });

export const ramp = z.object({ version: buildId, percent: z.number() });

export const deployment = z
  .object({
    deployment: z.string(),
    taskQueue: z.string(),
    current: buildId.nullable().describe('Gets new runs; null where workers without a version get them.'),
    ramping: ramp.nullable().describe('Gets a share of new runs instead.'),
    versions: z.array(deploymentVersion).describe('Those made last first.'),
    unversioned: z.object({
      workers: z.number().describe('Workers without a version. While a version is current, they get nothing.'),
      openRuns: z.number().nullable().describe('Workflows that began without a version, and have not gone on with one.'),
    }),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'Deployment' });

/** What gets new runs: the same before and after, where nothing was done. */
export const routing = z.object({ current: buildId.nullable(), ramping: ramp.nullable() });

export const deploymentChange = z
  .object({
    deployment: z.string(),
    before: routing,
    after: routing,
    applied: z.boolean().describe('False for a dry run.'),
  })
  .meta({ id: 'DeploymentChange' });

export const runMove = z
  .object({
    workflowId: z.string(),
    runId: z.string(),
    pipeline: z.string(),
    deployment: z.string(),
    from: buildId.nullable().describe('The version it is pinned to; null for none.'),
    to: buildId,
    begunWith: z.string().nullable().describe('The hash of the pipelines’ code with which it began, as the catalog has it.'),
    moved: z.boolean().describe('False for a dry run.'),
  })
  .meta({ id: 'RunMove' });

export const versionHealth = z
  .object({
    deployment: z.string().nullable().describe('The worker deployment that has a current version; null for none.'),
    current: buildId.nullable(),
    stranded: z
      .array(z.object({ workflowId: z.string(), runId: z.string(), pipeline: z.string(), version: buildId, startedAt: time }))
      .describe('Open runs that are pinned to a version which has no worker: they wait. The first twenty.'),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'VersionHealth' });
