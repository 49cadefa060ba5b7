import type { EngineSession } from '../../src/engine/session.js';

/** Attaches a test's database to a session, as `pg`. */
export async function attachPostgres(session: EngineSession, url: string): Promise<void> {
  const { hostname, port, username, password, pathname } = new URL(url);
  const text = (value: string): string => `'${decodeURIComponent(value).replaceAll("'", "''")}'`;
  await session.run(
    `CREATE OR REPLACE SECRET test_database (TYPE postgres, HOST ${text(hostname)}, PORT ${port}, USER ${text(username)}, PASSWORD ${text(password)}, DATABASE ${text(pathname.slice(1))})`,
  );
  await session.run("ATTACH '' AS pg (TYPE postgres, SECRET test_database)");
}
