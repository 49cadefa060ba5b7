import type { Fault } from './fault.js';

/** Resets the connection that is in use, or all that loads and extracts have open. */
export const cutConnection: Fault = ({ stage: { line }, moment }) => {
  if (moment.cut) moment.cut();
  else line.cut(['load', 'extract']);
  moment.release();
  return Promise.resolve();
};

/** Ends the server's side of what loads have open, as an administrator or a failover does. */
export const terminateBackend: Fault = async ({ stage: { database }, moment }) => {
  await database.read(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'millrace load%' AND datname = current_database()",
  );
  moment.release();
};
