import { pipeline } from './project';

export const flightDelays = pipeline('flightDelays', async (run, { month }) => {
  const [flights, airports, reports] = await Promise.all([
    run
      .extract('flights', { from: 'lake', path: 'flights-3m.parquet', where: { date: run.within(month) } })
      .then((raw) => run.validate(raw, 'Flight', { maxRejected: 0.02 })),
    run.extract('airports', { from: 'lake', path: 'airports.csv' }).then((raw) => run.validate(raw, 'Airport')),
    run.extract('reports', { from: 'inbox', path: 'reports.csv' }).then((raw) => run.validate(raw, 'Report')),
  ]);

  const [byState, byRoute] = await Promise.all([
    run
      .transform('delaysByState', { flights, airports })
      .then((delays) => run.load(delays, { to: 'warehouse', table: 'delays_by_state', mode: 'merge' })),
    run
      .transform('routesOfMonth', { flights, reports })
      .then((routes) => run.load(routes, { to: 'warehouse', table: 'route_months', mode: 'replace', partition: { month } })),
  ]);
  return { byState, byRoute };
});
