export { fails, hangs, rejects } from './reasons';
