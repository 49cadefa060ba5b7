import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { TEMPORAL_DYNAMIC_CONFIG, TEMPORAL_SEARCH_ATTRIBUTES } from '../src/dev/temporal-settings.js';

interface Service {
  readonly image?: string;
  readonly build?: unknown;
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const text = read('docker-compose.yml');
const compose = parse(text) as Compose;
const services = Object.entries(compose.services);

test('docker-compose.yml fits the schema of the compose specification', () => {
  // dclint carries the specification's schema, but does not export its path.
  const linter = dirname(fileURLToPath(import.meta.resolve('dclint/package.json')));
  const schema = JSON.parse(readFileSync(join(linter, 'schemas', 'compose.schema.json'), 'utf8')) as Record<string, unknown>;
  const ajv = new Ajv({ strict: false, allErrors: true });
  formats.default(ajv);
  const { $schema: _, ...plain } = schema;
  const validate = ajv.compile(plain);
  expect(validate(compose) ? [] : validate.errors).toEqual([]);
  expect(validate({ services: { x: { imagee: 'y' } } })).toBe(false);
});

test('every image is pinned to a full version', () => {
  for (const [name, service] of services) {
    expect(service.image, name).toMatch(/:\d+\.\d+(\.\d+)?$/);
  }
  expect(read('Dockerfile').match(/^FROM .*$/gm)).toEqual([
    'FROM node:20.19.5-bookworm-slim AS build',
    'FROM node:20.19.5-bookworm-slim',
  ]);
});

test('every lasting service has a health check, and who needs a service waits until it is healthy', () => {
  for (const [name, service] of services) {
    if (name !== 'temporal-setup') expect(service.healthcheck?.test, name).toContain('CMD');
    for (const [needed, { condition }] of Object.entries(service.depends_on ?? {})) {
      expect(compose.services, `${name} needs ${needed}`).toHaveProperty([needed]);
      expect(condition).toBe(needed === 'temporal-setup' ? 'service_completed_successfully' : 'service_healthy');
    }
  }
});

test('volumes are declared, mounted files exist, and ports are open on this machine only', () => {
  for (const [name, service] of services) {
    for (const mount of service.volumes ?? []) {
      const source = mount.split(':')[0] ?? '';
      if (source.startsWith('./')) expect(read(source), `${name}: ${source}`).not.toBe('');
      else expect(compose.volumes, name).toHaveProperty([source]);
    }
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\$\{[A-Z_]+:-\d+\}:\d+$/);
  }
});

test('the only passwords and tokens are variables with a default that says demo', () => {
  const secrets = text.match(/(PASSWORD|PWD|TOKEN): .*/g) ?? [];
  expect(secrets).toHaveLength(4);
  for (const line of secrets) expect(line).toMatch(/: \$\{[A-Z_]+:-demo-only(-demo-only)*\}$/);
});

test('the service takes the default token, and the README of the file says it', () => {
  const token = /MILLRACE_ADMIN_TOKEN:-([\w-]+)\}/.exec(text)?.[1] ?? '';
  expect(token.length).toBeGreaterThanOrEqual(32);
  expect(text).toContain(`#   curl --header 'Authorization: Bearer ${token}' http://127.0.0.1:8300/v1/runs`);
  expect(compose.services.service?.ports).toEqual(['127.0.0.1:${SERVICE_PORT:-8300}:8300']);
});

test('the server in Docker has the same dynamic config and search attributes as the dev server', () => {
  const file = parse(read('deploy/temporal/dynamic-config.yaml')) as Record<string, readonly { value: unknown }[]>;
  const values = Object.fromEntries(Object.entries(file).map(([key, [first]]) => [key, first?.value]));
  expect(values).toEqual(TEMPORAL_DYNAMIC_CONFIG);
  const mounted = compose.services.temporal?.volumes?.[0]?.split(':')[1] ?? '';
  expect(mounted).toBe(`/etc/temporal/${compose.services.temporal?.environment?.DYNAMIC_CONFIG_FILE_PATH}`);
  const names = /for name in (.*); do/.exec(read('deploy/temporal/add-search-attributes.sh'))?.[1]?.split(' ');
  expect(names).toEqual([...TEMPORAL_SEARCH_ATTRIBUTES]);
});

function read(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
}
