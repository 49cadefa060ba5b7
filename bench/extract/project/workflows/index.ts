export { extractLineitem } from './extract-lineitem';
