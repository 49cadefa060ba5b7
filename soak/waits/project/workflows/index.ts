export { waits, works } from './waits.js';
