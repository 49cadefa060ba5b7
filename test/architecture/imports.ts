import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parseSync } from 'oxc-parser';

/** The folder of the repository. */
export const ROOT = resolve(import.meta.dirname, '../..');

/** One import or re-export of a source file. */
export interface Import {
  /** The importing file, relative to the repository. */
  readonly file: string;
  readonly line: number;
  /** What the file says: `./filter.js`, `zod`, `node:path`. */
  readonly specifier: string;
  /** The imported file, relative to the repository, for a relative import. */
  readonly target?: string;
  /** `import type`: it is gone once compiled. `import { type X }` is not, since the import itself stays. */
  readonly typeOnly: boolean;
}

/** The TypeScript files below some folders, relative to the repository. */
export function sourceFiles(...folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
      .map((name) => join(folder, name))
      .toSorted(),
  );
}

/** Every import of a file: static, re-exporting and dynamic ones. */
export function importsOf(file: string): Import[] {
  const source = readFileSync(join(ROOT, file), 'utf8');
  const { module, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file} can't be parsed: ${errors[0]?.message}`);
  const found = [
    ...module.staticImports.map((each) => ({ start: each.start, specifier: each.moduleRequest.value })),
    ...module.staticExports.flatMap((each) =>
      each.entries.slice(0, 1).map((entry) => ({ start: each.start, specifier: entry.moduleRequest?.value })),
    ),
    ...module.dynamicImports.map((each) => ({
      start: each.start,
      specifier: literal(source.slice(each.moduleRequest.start, each.moduleRequest.end)),
    })),
  ];
  return found.flatMap(({ start, specifier }) =>
    specifier === undefined ? [] : [describeImport(file, source, start, specifier)],
  );
}

function describeImport(file: string, source: string, start: number, specifier: string): Import {
  const line = source.slice(0, start).split('\n').length;
  const typeOnly = /^(import|export)\s+type\s/.test(source.slice(start));
  const target = specifier.startsWith('.')
    ? relative(ROOT, resolve(ROOT, dirname(file), specifier)).replace(/\.js$/, '.ts')
    : undefined;
  return { file, line, specifier, target, typeOnly };
}

/** A computed specifier stays unknown: the tsconfig or config of a user's project is loaded by such a one. */
function literal(text: string): string | undefined {
  return /^(['"]).*\1$/.test(text) ? text.slice(1, -1) : undefined;
}
