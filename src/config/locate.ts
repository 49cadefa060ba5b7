import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as Swc from '@swc/core';

/** A line and a column, each counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

type Node = Readonly<Record<string, unknown>> & { readonly type: string };

/**
 * Where a config says something: the place of `pipelines.flights.params` in its source, or of the innermost part of that
 * path that is written out there. Names of constants are followed, calls are looked into. `undefined` for a file that does
 * not parse or builds its value in ways that only running it would tell.
 */
export function locateInConfig(file: string, path: readonly PropertyKey[]): Position | undefined {
  return withSource(file, (module, positionOf) => {
    const body = module['body'] as readonly Node[];
    const constants = constantsOf(body);
    const exported = defaultExport(body);
    let node = exported && inside((exported['expression'] ?? exported['orig']) as Node, constants);
    let found = exported;
    for (const key of path) {
      const member = node && memberOf(node, String(key), constants);
      if (!member) break;
      found = member.at;
      node = inside(member.value, constants);
    }
    return found && positionOf(found);
  });
}

/** Where a file imports values of `specifier`, or exports from it; `undefined` when it does not, or does not parse. */
export function locateImport(file: string, specifier: string): Position | undefined {
  return withSource(file, (module, positionOf) => {
    for (const node of walk(module)) {
      if (node['typeOnly'] === true) continue;
      const source = node['source'] as Node | null | undefined;
      if (source?.type === 'StringLiteral' && source['value'] === specifier) return positionOf(node);
      const [argument] = node.type === 'CallExpression' ? (node['arguments'] as readonly { expression: Node }[]) : [];
      if (argument?.expression.type === 'StringLiteral' && argument.expression['value'] === specifier) return positionOf(node);
    }
    return undefined;
  });
}

/** Where a file exports `name`, or begins to. */
export function locateExport(file: string, name: string): Position | undefined {
  return withSource(file, (module, positionOf) => {
    const body = module['body'] as readonly Node[];
    if (name === 'default') {
      const found = body.find(({ type }) => type.startsWith('ExportDefault'));
      if (found) return positionOf(found);
    }
    for (const statement of body.filter(({ type }) => type === 'ExportNamedDeclaration' || type === 'ExportDeclaration')) {
      for (const node of walk(statement)) {
        if (node.type === 'Identifier' && node['value'] === name) return positionOf(node);
      }
    }
    return undefined;
  });
}

// Loaded when something has to be located, which on a good day is never.
function withSource<T>(file: string, look: (module: Node, positionOf: (node: Node) => Position) => T): T | undefined {
  try {
    const { parseSync } = createRequire(import.meta.url)('@swc/core') as typeof Swc;
    const source = readFileSync(file);
    const syntax = /\.[cm]?ts$/.test(file) ? { syntax: 'typescript', decorators: true } : { syntax: 'ecmascript' };
    // Its offsets count bytes from wherever it pleases: the mark in front tells from where.
    const module = parseSync(`${MARK}${source.toString()}`, {
      ...(syntax as Swc.ParseOptions),
      target: 'es2022',
    }) as unknown as Node;
    const start = startOf((module['body'] as readonly Node[])[0] as Node) + MARK.length;
    return look(module, (node) => {
      const before = source
        .subarray(0, startOf(node) - start)
        .toString()
        .split('\n');
      return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
    });
  } catch {
    return undefined;
  }
}

const MARK = '0;';

function startOf(node: Node): number {
  const { start } = (node['span'] ?? { start: 0 }) as { readonly start: number };
  return start;
}

/** `export default …`, or the part of `export { project as default }` that says so. */
function defaultExport(body: readonly Node[]): Node | undefined {
  const specifiers = body.flatMap((statement) => (statement['specifiers'] ?? []) as readonly Node[]);
  const named = specifiers.find(
    ({ type, exported }) => type === 'ExportSpecifier' && (exported as Node | null)?.['value'] === 'default',
  );
  return body.find((statement) => statement.type === 'ExportDefaultExpression') ?? named;
}

function constantsOf(body: readonly Node[]): ReadonlyMap<string, Node> {
  const declarations = body.flatMap((statement) => {
    const declared = statement.type === 'ExportDeclaration' ? (statement['declaration'] as Node) : statement;
    return declared.type === 'VariableDeclaration' ? (declared['declarations'] as readonly Node[]) : [];
  });
  return new Map(declarations.map(({ id, init }) => [String((id as Node)['value']), init as Node]));
}

/** What stands behind names, brackets and type assertions. */
function inside(node: Node | undefined, constants: ReadonlyMap<string, Node>): Node | undefined {
  let current = node;
  for (let depth = 0; current && depth < 20; depth++) {
    if (current.type === 'Identifier') current = constants.get(String(current['value']));
    else if (/^(Parenthesis|TsAs|TsSatisfies|TsConst|TsNonNull)/.test(current.type)) current = current['expression'] as Node;
    else return current;
  }
  return undefined;
}

interface Member {
  /** What to point at. */
  readonly at: Node;
  readonly value: Node;
}

function memberOf(node: Node, key: string, constants: ReadonlyMap<string, Node>): Member | undefined {
  if (node.type === 'CallExpression') {
    for (const { expression } of node['arguments'] as readonly { expression: Node }[]) {
      const argument = inside(expression, constants);
      const found = argument?.type === 'ObjectExpression' ? memberOf(argument, key, constants) : undefined;
      if (found) return found;
    }
  }
  if (node.type === 'ArrayExpression') {
    const element = (node['elements'] as readonly ({ expression: Node } | null)[])[Number(key)]?.expression;
    return element && { at: element, value: element };
  }
  if (node.type !== 'ObjectExpression') return undefined;
  for (const property of node['properties'] as readonly Node[]) {
    if (property.type === 'SpreadElement') {
      const spread = inside(property['arguments'] as Node, constants);
      const found = spread && memberOf(spread, key, constants);
      if (found) return found;
    }
    const name = (property['key'] ?? property) as Node;
    if (String(name['value']) === key)
      return { at: name, value: (property['value'] as Node | undefined)?.type ? (property['value'] as Node) : name };
  }
  return undefined;
}

function* walk(value: unknown): Generator<Node> {
  if (typeof value !== 'object' || value === null) return;
  if (typeof (value as Node).type === 'string') yield value as Node;
  for (const member of Object.values(value)) yield* walk(member);
}
