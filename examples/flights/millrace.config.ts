import { createRequire } from 'node:module';
import path from 'node:path';
import { contract, defineProject, env, files, monthly, postgres, query, sql, sqlFile } from 'millrace/config';
import { z } from 'zod';

const airportCode = z.string().regex(/^[A-Z0-9]{3,4}$/);
const month = z.string().regex(/^\d{4}-\d{2}$/);

const Flight = contract(
  z.object({
    date: z.date(),
    // Nobody leaves two hours early or a day late: such rows are slips of the keyboard.
    delay: z.int().min(-120).max(1440),
    distance: z.int().positive(),
    origin: airportCode,
    destination: airportCode,
  }),
  { rules: { 'goes somewhere': sql`origin <> destination` } },
);

const Airport = contract(
  z.object({
    iata: airportCode,
    name: z.string().min(1),
    city: z.string(),
    state: z.string().length(2),
    country: z.string(),
    latitude: z.number().min(-90).max(90),
    longitude: z.number().min(-180).max(180),
  }),
  { key: ['iata'] },
);

const Report = contract(
  z.object({
    id: z.int().positive(),
    reported_on: z.iso.date(),
    origin: airportCode,
    destination: airportCode,
    minutes_late: z.int().min(0).max(1440),
    severity: z.enum(['low', 'medium', 'high']),
    email: z.email().meta({ classification: 'pii' }).optional(),
    refunded: z.boolean(),
  }),
  { key: ['id'], rules: { 'goes somewhere': sql`origin <> destination` } },
);

const StateDelay = contract(
  z.object({
    state: z.string().length(2),
    month,
    flights: z.int().positive(),
    late_flights: z.int().min(0),
    mean_delay_minutes: z.number(),
  }),
  { key: ['state', 'month'] },
);

const RouteMonth = contract(
  z.object({
    month,
    origin: airportCode,
    destination: airportCode,
    flights: z.int().positive(),
    worst_delay_minutes: z.int(),
    reports: z.int().min(0),
  }),
  { key: ['month', 'origin', 'destination'] },
);

// Three million real flights and the airports of the United States come with an npm package.
const lakeRoot = path.join(path.dirname(createRequire(import.meta.url).resolve('vega-datasets')), '..', 'data');

export default defineProject({
  connections: {
    lake: files({ root: env('LAKE_ROOT', lakeRoot) }),
    inbox: files({ root: env('INBOX_ROOT', './inbox') }),
    warehouse: postgres({ url: env('WAREHOUSE_URL') }),
  },
  contracts: { Flight, Airport, Report, StateDelay, RouteMonth },
  transforms: {
    delaysByState: sqlFile('./transforms/delays-by-state.sql', {
      inputs: { flights: Flight, airports: Airport },
      output: StateDelay,
    }),
    routesOfMonth: query(
      { inputs: { flights: Flight, reports: Report }, output: RouteMonth, params: z.object({ month }) },
      (db, params) =>
        db
          .selectFrom('flights')
          .leftJoin(
            db
              .selectFrom('reports')
              .select((eb) => ['origin as from_airport', 'destination as to_airport', eb.fn.countAll<number>().as('reports')])
              .groupBy(['origin', 'destination'])
              .as('reported'),
            (join) =>
              join.onRef('reported.from_airport', '=', 'flights.origin').onRef('reported.to_airport', '=', 'flights.destination'),
          )
          .select((eb) => [
            eb.val(params.month).as('month'),
            'flights.origin',
            'flights.destination',
            eb.fn.countAll<number>().as('flights'),
            eb.fn.max('flights.delay').as('worst_delay_minutes'),
            eb.fn.coalesce(eb.fn.max('reported.reports'), eb.val(0)).as('reports'),
          ])
          .groupBy(['flights.origin', 'flights.destination']),
    ),
  },
  pipelines: {
    flightDelays: {
      description: 'How late flights are, by state and by route, one month a run',
      params: z.object({ month }),
      partition: monthly('month', { from: '2001-01' }),
      owner: 'data@example.com',
    },
    passengerReports: {
      description: 'What passengers reported, as far as it can be true',
      params: z.object({}),
      owner: 'data@example.com',
    },
  },
  dev: {
    postgres: ['WAREHOUSE_URL'],
    runs: [{ pipeline: 'flightDelays', partitions: ['2001-01', '2001-06'] }],
    concurrency: 2,
  },
});
