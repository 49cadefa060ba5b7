export { flightDelays } from './flight-delays';
