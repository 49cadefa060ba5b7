export { createWorker, runWorker, type RunningWorker, type WorkerLimits, type WorkerSettings } from './worker.js';
export { bundleProject } from './bundle.js';
