export { mergeOrders } from './merge-orders';
