import { createConfig, lintFromString } from '@redocly/openapi-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOOKS, OPERATIONS, STREAMS } from '../../src/api/index.js';
import { openApiDocument } from '../../src/service/openapi/document.js';
import { startGuardedService, type GuardedService } from '../support/guarded-service.js';

/** What the tests look at of an operation. */
interface Described {
  readonly responses: object;
  readonly parameters: unknown;
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: unknown }>> };
}

describe('the description of the service', () => {
  const document = openApiDocument();
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));

  test('is sound OpenAPI 3.1', async () => {
    const config = await createConfig({
      extends: ['recommended-strict'],
      // Probes refuse nothing.
      rules: { 'operation-4xx-response': 'off' },
    });
    const problems = await lintFromString({ source: JSON.stringify(document), absoluteRef: '/openapi.json', config });
    expect(problems.map(({ ruleId, message, location }) => ({ ruleId, message, at: location[0]?.pointer }))).toEqual([]);
  });

  test('has every operation and every stream, once', () => {
    const ids = operations.map(({ operationId }) => operationId);
    expect(ids).toEqual([...new Set(ids)]);
    expect(ids.toSorted()).toEqual(
      [...Object.keys(OPERATIONS), ...Object.keys(STREAMS), ...Object.keys(HOOKS), 'isAlive', 'isReady'].toSorted(),
    );
  });

  test('says what each may be refused with, and which fields a body takes and which it needs', () => {
    const start = document.paths['/v1/runs']?.['post'] as unknown as Described;
    expect(Object.keys(start.responses)).toEqual(
      expect.arrayContaining(['201', '400', '401', '403', '404', '409', '422', '429', '503']),
    );
    const body = start.requestBody?.content['application/json']?.schema;
    expect(body).toMatchObject({ type: 'object', required: ['pipeline'], additionalProperties: false });
    expect(start.parameters).toMatchObject([{ name: 'Idempotency-Key', in: 'header' }]);
    const cancel = document.paths['/v1/runs/{run}/cancel']?.['post'] as unknown as Described;
    expect(cancel.requestBody).toBeUndefined();
    expect(cancel.parameters).toMatchObject([{ name: 'run', in: 'path', required: true }]);
  });
});

describe('a page', () => {
  let service: GuardedService;
  beforeAll(async () => {
    service = await startGuardedService();
    await service.token({});
  });
  afterAll(() => service?.stop());

  test('shows it to everybody, with what it needs from the service itself', async () => {
    const page = await fetch(`${service.url}/docs`);
    expect(page.status).toBe(200);
    const html = await page.text();
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self';/);
    const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file ?? '');
    expect(files.length).toBeGreaterThan(2);
    expect(files.filter((file) => /^(?:https?:)?\/\//.test(file))).toEqual([]);
    for (const file of files) {
      const response = await fetch(new URL(file, `${service.url}/docs`));
      expect([response.status, (await response.text()).length > 0], file).toEqual([200, true]);
    }
    // Scripts that stand in the page itself would not run under its policy.
    expect(html).not.toMatch(/<script(?![^>]*src=)[^>]*>\s*\S/);
  });

  test('is where the bare address of the service leads', async () => {
    const page = await fetch(`${service.url}/`);
    expect([page.status, page.url]).toEqual([200, `${service.url}/docs`]);
  });

  test('is made from the description that programs get', async () => {
    const [forPage, forPrograms] = await Promise.all(
      ['/docs/json', '/openapi.json'].map(async (path) => (await fetch(`${service.url}${path}`)).json()),
    );
    expect(forPage).toEqual(forPrograms);
    expect(forPrograms).toEqual(JSON.parse(JSON.stringify(openApiDocument())));
    expect(JSON.stringify(forPrograms)).not.toContain(service.project.taskQueue);
  });
});
