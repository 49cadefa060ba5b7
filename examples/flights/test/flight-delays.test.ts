import path from 'node:path';
import { stepFailure, testPipeline } from 'millrace/testing';
import { describe, expect, test } from 'vitest';
import project from '../millrace.config';
import { flightDelays } from '../workflows';

const directory = path.resolve(import.meta.dirname, '..');

const flight = (change: object = {}) => ({
  date: new Date('2001-01-15T10:00:00Z'),
  delay: 20,
  distance: 500,
  origin: 'AUS',
  destination: 'DFW',
  ...change,
});
const datasets = {
  flights: [flight(), flight({ delay: -5 }), flight({ origin: 'SFO', delay: 3 })],
  airports: [
    'iata,name,city,state,country,latitude,longitude',
    'AUS,Austin-Bergstrom,Austin,TX,USA,30.19,-97.67',
    'SFO,San Francisco,San Francisco,CA,USA,37.62,-122.37',
    '',
  ].join('\n'),
  reports: [
    'id,reported_on,origin,destination,minutes_late,severity,email,refunded',
    '1,2001-01-20,AUS,DFW,20,low,,false',
    '2,2001-01-21,AUS,AUS,20,low,,false',
    '',
  ].join('\n'),
};

describe('flightDelays', () => {
  test('counts late flights by state, and reports by route', async () => {
    const result = await testPipeline(project, flightDelays, { params: { month: '2001-01' }, datasets, directory });
    expect(result.loaded('warehouse.delays_by_state', 'StateDelay')).toEqual([
      { state: 'CA', month: '2001-01', flights: 1, late_flights: 0, mean_delay_minutes: 3 },
      { state: 'TX', month: '2001-01', flights: 2, late_flights: 1, mean_delay_minutes: 7.5 },
    ]);
    expect(result.loaded('warehouse.route_months', 'RouteMonth')).toMatchObject([
      { origin: 'AUS', destination: 'DFW', flights: 2, worst_delay_minutes: 20, reports: 1 },
      { origin: 'SFO', destination: 'DFW', flights: 1, worst_delay_minutes: 3, reports: 0 },
    ]);
    // A report of a flight that goes nowhere.
    expect(result.rejected('reports').map(({ line, reasons }) => [line, reasons[0]?.code])).toEqual([[3, 'row_rule']]);
  });

  test('reads flights of its month only', async () => {
    const flights = [...datasets.flights, flight({ date: new Date('2001-02-01T00:00:00Z') })];
    const result = await testPipeline(project, flightDelays, {
      params: { month: '2001-01' },
      datasets: { ...datasets, flights },
      directory,
    });
    expect(result.steps.find(({ step }) => step === 'validate:flights')?.rows).toBe(3);
  });

  test('loads nothing when more than two flights of a hundred are wrong', async () => {
    const flights = [...datasets.flights, flight({ delay: 10_000 })];
    const result = await testPipeline(project, flightDelays, {
      params: { month: '2001-01' },
      datasets: { ...datasets, flights },
      directory,
    });
    expect(result.error?.code).toBe('CONTRACT_BREACH');
    expect(result.loads).toEqual([]);
  });

  test('fails with the warehouse', async () => {
    const failures = { 'load:warehouse.route_months': stepFailure('CREDENTIALS_REJECTED') };
    const result = await testPipeline(project, flightDelays, { params: { month: '2001-01' }, datasets, failures, directory });
    expect(result.error?.message).toContain('Step load:warehouse.route_months failed');
  });
});
