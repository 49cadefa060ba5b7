export { judgeLineitem } from './judge-lineitem';
