export { shuffle } from './shuffle';
