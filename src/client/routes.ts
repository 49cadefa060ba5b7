import type { OperationId, Tag } from '../api/index.js';

/** Where an operation is, and what it is about. */
export interface Route {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  readonly path: string;
  readonly tag: Tag;
}

/* Made from src/api by `npm run docs`: with this table the client needs the schemas as types only, and loads no zod. */
export const ROUTES = {
  listPipelines: { method: 'get', path: '/v1/pipelines', tag: 'pipelines' },
  getPipeline: { method: 'get', path: '/v1/pipelines/{pipeline}', tag: 'pipelines' },
  listRuns: { method: 'get', path: '/v1/runs', tag: 'runs' },
  startRun: { method: 'post', path: '/v1/runs', tag: 'runs' },
  getRun: { method: 'get', path: '/v1/runs/{run}', tag: 'runs' },
  listRunHistory: { method: 'get', path: '/v1/runs/{run}/history', tag: 'runs' },
  cancelRun: { method: 'post', path: '/v1/runs/{run}/cancel', tag: 'runs' },
  pauseRun: { method: 'post', path: '/v1/runs/{run}/pause', tag: 'runs' },
  resumeRun: { method: 'post', path: '/v1/runs/{run}/resume', tag: 'runs' },
  decideStep: { method: 'post', path: '/v1/runs/{run}/decide', tag: 'runs' },
  terminateRun: { method: 'post', path: '/v1/runs/{run}/terminate', tag: 'runs' },
  retryRun: { method: 'post', path: '/v1/runs/{run}/retry', tag: 'runs' },
  markStep: { method: 'post', path: '/v1/runs/{run}/mark', tag: 'runs' },
  listApprovals: { method: 'get', path: '/v1/approvals', tag: 'approvals' },
  getApproval: { method: 'get', path: '/v1/runs/{run}/approvals/{step}', tag: 'approvals' },
  grantApproval: { method: 'post', path: '/v1/runs/{run}/approvals/{step}/approve', tag: 'approvals' },
  rejectApproval: { method: 'post', path: '/v1/runs/{run}/approvals/{step}/reject', tag: 'approvals' },
  listDatasets: { method: 'get', path: '/v1/datasets', tag: 'datasets' },
  getDataset: { method: 'get', path: '/v1/datasets/{dataset}', tag: 'datasets' },
  listQuarantine: { method: 'get', path: '/v1/runs/{run}/quarantine', tag: 'quarantine' },
  listRunLog: { method: 'get', path: '/v1/runs/{run}/log', tag: 'runs' },
  listSchedules: { method: 'get', path: '/v1/schedules', tag: 'schedules' },
  getSchedule: { method: 'get', path: '/v1/schedules/{pipeline}', tag: 'schedules' },
  applySchedules: { method: 'put', path: '/v1/schedules', tag: 'schedules' },
  pauseSchedule: { method: 'post', path: '/v1/schedules/{pipeline}/pause', tag: 'schedules' },
  resumeSchedule: { method: 'post', path: '/v1/schedules/{pipeline}/resume', tag: 'schedules' },
  triggerSchedule: { method: 'post', path: '/v1/schedules/{pipeline}/trigger', tag: 'schedules' },
  listMissedTimes: { method: 'get', path: '/v1/schedules/{pipeline}/missed', tag: 'schedules' },
  fillMissedTimes: { method: 'post', path: '/v1/schedules/{pipeline}/fill', tag: 'schedules' },
  listTokens: { method: 'get', path: '/v1/tokens', tag: 'tokens' },
  createToken: { method: 'post', path: '/v1/tokens', tag: 'tokens' },
  revokeToken: { method: 'delete', path: '/v1/tokens/{token}', tag: 'tokens' },
  listAudit: { method: 'get', path: '/v1/audit', tag: 'audit' },
  previewBackfill: { method: 'get', path: '/v1/pipelines/{pipeline}/backfill-preview', tag: 'backfills' },
  startBackfill: { method: 'post', path: '/v1/backfills', tag: 'backfills' },
  listBackfills: { method: 'get', path: '/v1/backfills', tag: 'backfills' },
  getBackfill: { method: 'get', path: '/v1/backfills/{backfill}', tag: 'backfills' },
  pauseBackfill: { method: 'post', path: '/v1/backfills/{backfill}/pause', tag: 'backfills' },
  resumeBackfill: { method: 'post', path: '/v1/backfills/{backfill}/resume', tag: 'backfills' },
  cancelBackfill: { method: 'post', path: '/v1/backfills/{backfill}/cancel', tag: 'backfills' },
  retryBackfill: { method: 'post', path: '/v1/backfills/{backfill}/retry', tag: 'backfills' },
  getDeployment: { method: 'get', path: '/v1/deployment', tag: 'deployments' },
  promoteVersion: { method: 'post', path: '/v1/deployment/promote', tag: 'deployments' },
  rampVersion: { method: 'post', path: '/v1/deployment/ramp', tag: 'deployments' },
  rollbackDeployment: { method: 'post', path: '/v1/deployment/rollback', tag: 'deployments' },
  unversionDeployment: { method: 'post', path: '/v1/deployment/unversioned', tag: 'deployments' },
  moveRun: { method: 'post', path: '/v1/runs/{run}/move', tag: 'runs' },
  getHealth: { method: 'get', path: '/v1/health', tag: 'service' },
} as Readonly<Record<OperationId, Route>>;
