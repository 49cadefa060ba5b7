export { runWorker, type RunWorkerOptions, type WorkerEnd } from './run-worker.js';
export {
  createWorker,
  type RunningWorker,
  type WorkerConnection,
  type WorkerDeployment,
  type WorkerLimits,
  type WorkerSettings,
} from './worker.js';
export type { AlertPace } from '../alerts/watch.js';
export { bundleOf, bundleProject } from './bundle.js';
