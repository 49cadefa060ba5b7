import { expect, test } from 'vitest';
import { loadProject } from '../../src/config/load.js';
import { checkConnection } from '../../src/preflight/connections.js';
import { createTestDatabase } from '../support/postgres.js';
import { writtenProject } from '../support/written-project.js';

test('a database that answers is told with what answered; a wrong password or database is an error without the secret', async () => {
  const db = await createTestDatabase();
  try {
    const wrongPassword = Object.assign(new URL(db.url), { password: 'open-sesame-4711' }).toString();
    const wrongDatabase = Object.assign(new URL(db.url), { pathname: '/nowhere' }).toString();
    const connection = (name: string, url: string): string => `${name}: { kind: 'postgres', options: { url: '${url}' } },`;
    const connections = [
      connection('good', db.url),
      connection('password', wrongPassword),
      connection('database', wrongDatabase),
    ];
    const project = await loadProject(
      writtenProject({
        'millrace.config.ts': ["lake: files({ root: '.' }),", `lake: files({ root: '.' }),\n${connections.join('\n')}`],
      }),
    );
    const [good, password, database] = await Promise.all(
      ['good', 'password', 'database'].map((name) => checkConnection(project, name, 5_000)),
    );
    expect(good).toMatchObject({ kind: 'postgres', answer: expect.stringMatching(/^PostgreSQL \d+/) as string, problem: null });
    expect(password?.problem).toMatchObject({ severity: 'error', code: 'CREDENTIALS_REJECTED', place: { line: 11 } });
    expect(database?.problem).toMatchObject({ severity: 'error', code: 'DATABASE_MISSING', place: { line: 12 } });
    expect(JSON.stringify([password, database])).not.toContain('open-sesame');
  } finally {
    await db.drop();
  }
});
