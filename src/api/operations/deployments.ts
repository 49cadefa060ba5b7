import { z } from 'zod';
import { operation } from '../operation.js';
import { buildId, deployment, deploymentChange, runMove } from '../schemas/deployments.js';
import { runAddress } from '../schemas/runs.js';

const name = z
  .string()
  .min(1)
  .max(200)
  .optional()
  .describe('The worker deployment; by default the one whose workers take the work of the project’s task queue.');
const dryRun = z.boolean().default(false).describe('Tells what would change, and changes nothing.');
const FINDING = ['DEPLOYMENT_UNKNOWN', 'DEPLOYMENT_AMBIGUOUS'] as const;
const CHANGING = [...FINDING, 'DEPLOYMENT_CHANGED', 'VERSION_IN_PLACE'] as const;

/** What is done to the versions of workers. */
export const DEPLOYMENT_OPERATIONS = {
  getDeployment: operation({
    method: 'get',
    path: '/v1/deployment',
    tag: 'deployments',
    role: 'viewer',
    summary: 'Shows the versions of the project’s workers: which gets new runs, which have runs to finish, which have workers.',
    input: z.object({ deployment: name }),
    result: deployment,
    errors: [...FINDING],
  }),
  promoteVersion: operation({
    method: 'post',
    path: '/v1/deployment/promote',
    tag: 'deployments',
    role: 'admin',
    summary: 'Lets new runs begin on a version, and Millrace’s own long-lived workflows go on with it. Runs stay where they are.',
    input: z.object({ version: buildId, deployment: name, dryRun }),
    result: deploymentChange,
    errors: [...CHANGING, 'VERSION_UNKNOWN', 'VERSION_WITHOUT_WORKER'],
  }),
  rampVersion: operation({
    method: 'post',
    path: '/v1/deployment/ramp',
    tag: 'deployments',
    role: 'admin',
    summary: 'Lets a share of new runs begin on a version; 0 percent ends that.',
    input: z.object({ version: buildId, percent: z.number().min(0).max(100), deployment: name, dryRun }),
    result: deploymentChange,
    errors: [...CHANGING, 'VERSION_UNKNOWN', 'VERSION_WITHOUT_WORKER'],
  }),
  rollbackDeployment: operation({
    method: 'post',
    path: '/v1/deployment/rollback',
    tag: 'deployments',
    role: 'admin',
    summary: 'Ends the ramp there is; without one, lets new runs begin on the version that was current before.',
    input: z.object({ deployment: name, dryRun }),
    result: deploymentChange,
    errors: [...CHANGING, 'ROLLBACK_UNKNOWN', 'VERSION_WITHOUT_WORKER'],
  }),
  unversionDeployment: operation({
    method: 'post',
    path: '/v1/deployment/unversioned',
    tag: 'deployments',
    role: 'admin',
    summary: 'Lets new runs begin on workers without a version. Runs that are pinned stay with their versions.',
    input: z.object({ deployment: name, dryRun }),
    result: deploymentChange,
    errors: [...CHANGING, 'VERSION_WITHOUT_WORKER'],
  }),
  moveRun: operation({
    method: 'post',
    path: '/v1/runs/{run}/move',
    tag: 'runs',
    role: 'operator',
    summary: 'Lets an open run go on with another version’s code than the one that it is pinned to.',
    input: z.object({
      run: runAddress,
      to: buildId,
      reason: z.string().trim().min(1).max(1000).optional().describe('Why, for whoever asks later.'),
      dryRun,
    }),
    result: runMove,
    errors: [...FINDING, 'RUN_UNKNOWN', 'RUN_CLOSED', 'RUN_NOT_MOVABLE', 'VERSION_UNKNOWN', 'VERSION_WITHOUT_WORKER'],
  }),
} as const;
