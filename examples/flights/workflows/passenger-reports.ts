import { pipeline } from './project';

/** What passengers reported. The file is dirty: what is rejected waits in quarantine until somebody mends it. */
export const passengerReports = pipeline('passengerReports', async (run) => {
  const reports = run.validate(await run.extract('reports', { from: 'inbox', path: 'reports.csv' }), 'Report');
  return run.load(reports, { to: 'warehouse', table: 'passenger_reports', mode: 'merge' });
});
