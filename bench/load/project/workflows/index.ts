export { chargeLineitem } from './charge-lineitem';
export { loadLineitem } from './load-lineitem';
export { readLineitem } from './read-lineitem';
