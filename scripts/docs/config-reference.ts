import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'oxc-parser';
import { documentedKeys, documentedFunctions, type DocumentedKey } from './documented-keys.js';

/** The interfaces whose keys the page lists, by the name of its part. */
export const KEY_SOURCES = {
  project: ['src/config/project.ts', 'ProjectConfig'],
  pipeline: ['src/config/project.ts', 'PipelineConfig'],
  retention: ['src/config/retention.ts', 'RetentionConfig'],
  s3: ['src/config/s3.ts', 'S3Options'],
  'dev run': ['src/config/project.ts', 'DevRun'],
  alerts: ['src/config/alerts.ts', 'AlertsConfig'],
  'alert rule': ['src/config/alerts.ts', 'AlertRule'],
  'pipeline alerts': ['src/config/alerts.ts', 'PipelineAlerts'],
  slo: ['src/config/alerts.ts', 'SloConfig'],
} as const;

/** The parts of `docs/config.md` that are made from the TSDoc of `millrace/config`. */
export function configReference(root: string): Readonly<Record<string, string>> {
  const keys = Object.fromEntries(
    Object.entries(KEY_SOURCES).map(([part, [file, name]]) => [part, table(keysOf(root, file, name))]),
  );
  return { ...keys, functions: functionsOf(root) };
}

/** The keys of an interface in a file, those of nested objects as `staging.root`. */
export function keysOf(root: string, file: string, name: string): readonly DocumentedKey[] {
  return documentedKeys(readFileSync(join(root, file), 'utf8'), name);
}

function table(keys: readonly DocumentedKey[]): string {
  const rows = keys.map(
    ({ key, type, required, about, default: fallback }) =>
      `| \`${key}\` | ${code(type)} | ${required ? 'required' : fallback === undefined ? '' : cell(fallback)} | ${cell(about)} |`,
  );
  return ['| key | type | default | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

// Every function that `millrace/config` exports, in the order of its index.
function functionsOf(root: string): string {
  const index = 'src/config/index.ts';
  const { module } = parseSync(index, readFileSync(join(root, index), 'utf8'));
  const exported = module.staticExports.flatMap(({ entries }) =>
    entries
      .filter((entry) => !entry.isType)
      .map((entry) => ({
        name: entry.exportName.name ?? '',
        file: join('src/config', (entry.moduleRequest?.value ?? '').replace(/\.js$/, '.ts')),
      })),
  );
  return exported.map(({ name, file }) => functionSection(root, file, name)).join('\n\n');
}

function functionSection(root: string, file: string, name: string): string {
  const source = readFileSync(join(root, file), 'utf8');
  const { about, example, options } = documentedFunctions(source, name);
  const keys = options === undefined ? [] : documentedKeys(source, options);
  return [
    `### \`${name}()\``,
    about,
    ...(keys.length > 0 ? [table(keys)] : []),
    ...(example === undefined ? [] : [`\`\`\`ts parse\n${example}\n\`\`\``]),
  ].join('\n\n');
}

function code(type: string): string {
  return type === '' ? '' : `\`${type.replaceAll('|', '\\|')}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
