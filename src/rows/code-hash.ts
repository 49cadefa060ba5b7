import { createHash, type Hash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';

/** The code of a function, for the key of what it makes. */
export interface FunctionCode {
  /** sha256 (hex) over the files, the versions of the packages they import, and Node's. */
  readonly hash: string;
  /** False where something that is imported could not be found, so that the hash does not tell all. */
  readonly exact: boolean;
  /** Absolute paths of the project's files it was made from. */
  readonly files: readonly string[];
}

interface SourceFile {
  /** Files of the project that it names, whether it imports them or may read them. */
  readonly files: ReadonlyMap<string, string>;
  /** Packages, with their versions; undefined for one that was not found. */
  readonly packages: ReadonlyMap<string, string | undefined>;
  readonly content: Buffer;
}

/**
 * The code of a function and of everything in the project that it imports, found by reading and not by running: whatever
 * looks like the relative path of a file counts as imported. Type imports count for nothing.
 *
 * @param configFile absolute path of the config, from which the function can be reached
 * @param load the function's import, as it was declared; where it names no module, all that the config imports counts
 */
export function codeOf(configFile: string, load: () => unknown): FunctionCode {
  const graph = new Map<string, SourceFile>();
  collect(configFile, graph);
  const named = /\bimport\(\s*["'`]([^"'`]+)["'`]/.exec(String(load))?.[1];
  const modules = [...graph.values()].flatMap(({ files }) => (named === undefined ? [] : (files.get(named) ?? [])));
  const reached = new Map<string, SourceFile>();
  for (const file of modules.length > 0 ? modules : [configFile]) collect(file, reached);
  const hash = createHash('sha256').update(`node ${process.versions.node}\n`);
  const { files, packages } = tell(hash, reached, path.dirname(configFile));
  // A function written in the config itself has no module; its own text tells it from its neighbours.
  hash.update(String(load));
  return { hash: hash.digest('hex'), exact: packages.every(([, version]) => version !== undefined), files };
}

/** A hash of a file and of everything in the project that it names, with the versions of the packages they import. */
export function sourceHash(file: string): string {
  const reached = new Map<string, SourceFile>();
  collect(file, reached);
  const hash = createHash('sha256');
  tell(hash, reached, path.dirname(file));
  return hash.digest('hex');
}

function tell(hash: Hash, reached: ReadonlyMap<string, SourceFile>, folder: string) {
  const files = [...reached.keys()].toSorted();
  const packages = [...reached.values()].flatMap((source) => [...source.packages]);
  for (const file of files) {
    hash.update(`${path.relative(folder, file)}\n`).update((reached.get(file) as SourceFile).content);
  }
  for (const [name, version] of packages.toSorted(([a], [b]) => (a < b ? -1 : 1))) hash.update(`\n${name} ${version}`);
  return { files, packages };
}

function collect(file: string, graph: Map<string, SourceFile>): void {
  if (graph.has(file)) return;
  const source = readSource(file);
  graph.set(file, source);
  for (const imported of source.files.values()) collect(imported, graph);
}

const CODE = /\.[cm]?[jt]sx?$/;
// The clause is spelled out, so that a type alias that an import follows is not taken for one with it.
const TYPE_IMPORT =
  /\b(?:import|export)\s+type\s+(?:\{[^}]*\}|\*(?:\s+as\s+[\w$]+)?|(?!from\b)[\w$]+(?:\s*,\s*\{[^}]*\})?)\s*from\s*["'][^"'\n]+["']/g;
/** An import whose target is known only when it runs. */
const COMPUTED = /\b(?:import|require)\s*\(\s*(?:(?!["'`\s/])|`[^`]*\$\{)/;
const RELATIVE = /(["'`])(\.{1,2}\/[^"'`\n]*)\1/g;
const BARE = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*(["'`])([@#\w][-\w./@#]*)\1/g;

function readSource(file: string): SourceFile {
  const content = readFileSync(file);
  if (!CODE.test(file)) return { files: new Map(), packages: new Map(), content };
  const text = content.toString('utf8').replaceAll(TYPE_IMPORT, '');
  const relative = [...text.matchAll(RELATIVE)].map((match) => match[2] as string);
  const bare = [...text.matchAll(BARE)].map((match) => match[2] as string).filter((name) => !isBuiltin(name));
  const files = relative.flatMap((specifier): [string, string][] => {
    const found = resolveFile(path.resolve(path.dirname(file), specifier));
    return found === undefined ? [] : [[specifier, found]];
  });
  const packages = bare.map((specifier): [string, string | undefined] => [packageName(specifier), versionOf(specifier, file)]);
  if (COMPUTED.test(text)) packages.push(['(computed import)', undefined]);
  return { files: new Map(files), packages: new Map(packages), content };
}

/** The file behind a relative import: as it is written, `.ts` where it says `.js`, with an extension, or a folder's index. */
function resolveFile(target: string): string | undefined {
  const extensions = ['.ts', '.js', '.mts', '.mjs', '.cts', '.cjs', '.tsx', '.jsx', '.json'];
  const asTypeScript = target.replace(/\.([cm]?)jsx?$/, '.$1ts');
  const candidates = [
    target,
    asTypeScript,
    ...extensions.map((extension) => target + extension),
    ...extensions.map((extension) => path.join(target, `index${extension}`)),
  ];
  return candidates.find((candidate) => existsSync(candidate) && statSync(candidate).isFile());
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** The version of a package as a file sees it; undefined for none, and for one whose code may change under its version. */
function versionOf(specifier: string, from: string): string | undefined {
  for (let folder = path.dirname(from); ; folder = path.dirname(folder)) {
    const manifest = path.join(folder, 'node_modules', packageName(specifier), 'package.json');
    if (existsSync(manifest)) {
      // A linked package is code in the making.
      if (!realpathSync(manifest).includes(`${path.sep}node_modules${path.sep}`)) return undefined;
      return (JSON.parse(readFileSync(manifest, 'utf8')) as { version?: string }).version;
    }
    if (folder === path.dirname(folder)) return undefined;
  }
}
