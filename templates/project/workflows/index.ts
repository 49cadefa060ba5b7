export { dailySales } from './daily-sales';
