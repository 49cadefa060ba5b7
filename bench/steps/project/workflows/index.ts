export { anew } from './anew';
export { unchanged } from './unchanged';
