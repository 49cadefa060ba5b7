export { loadLineitem } from './load-lineitem';
