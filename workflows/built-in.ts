export { housekeeping } from './housekeeping.js';
export { replicate } from './replicate.js';
export { replayQuarantine } from './replay-quarantine.js';
