export { compete } from './compete';
