import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, isBuilt } from './build-dist.mjs';
import { root, runQuietly } from './run-quietly.mjs';

/** Installs the dependencies and builds, each only when it has to be done. Exits with a clear message when it can't. */
export async function prepare() {
  if (!isInstalled()) await install();
  if (!isBuilt()) await build();
}

// A registry that can't be reached fails in seconds; npm's own defaults wait for minutes.
const PATIENCE = ['--fetch-retries=2', '--fetch-retry-factor=2', '--fetch-retry-mintimeout=500', '--fetch-retry-maxtimeout=1500'];

async function install() {
  await runQuietly('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error', ...PATIENCE], {
    title: 'Installing dependencies (npm ci)',
    slow: 'the first time takes about a minute; where the registry can’t be reached, npm gives up soon',
    hint: 'If npm can’t reach its registry, look at `registry`, `proxy` and `https-proxy` in `npm config ls -l`; then start again.',
  });
}

/**
 * Whether node_modules holds what package-lock.json says. npm writes the file it is compared with as the last act of an
 * installation, so that half of one doesn't count.
 */
function isInstalled() {
  const wanted = packagesIn('package-lock.json');
  const present = packagesIn(join('node_modules', '.package-lock.json'));
  if (!wanted || !present) return false;
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '' || !path.startsWith('node_modules/')) continue;
    const there = present[path];
    if (!there && !entry.optional && !entry.devOptional && !entry.peer) return false;
    if (there && (there.version !== entry.version || there.integrity !== entry.integrity)) return false;
  }
  return Object.keys(present).every((path) => path in wanted);
}

function packagesIn(file) {
  const path = join(root, file);
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return undefined;
  }
}
