export { createWorker, runWorker, type RunningWorker, type WorkerSettings } from './worker.js';
export { bundleProject } from './bundle.js';
