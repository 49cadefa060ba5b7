export { createWorker, runWorker, type RunningWorker, type WorkerLimits, type WorkerSettings } from './worker.js';
export { bundleOf, bundleProject } from './bundle.js';
