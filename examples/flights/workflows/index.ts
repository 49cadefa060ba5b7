export { flightDelays } from './flight-delays';
export { passengerReports } from './passenger-reports';
