import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, runQuietly } from './run-quietly.mjs';

const SOURCES = ['src', 'workflows', 'activities', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
const dist = join(root, 'dist');
const stamp = join(dist, '.sources');

/** Whether dist/ was made from the sources as they are now. */
export function isBuilt() {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint();
}

/**
 * Compiles into a fresh folder and puts it in the place of dist/, so that nothing of a removed source stays, and a failed
 * build leaves the last good one.
 */
export async function build() {
  const sources = fingerprint();
  const fresh = join(root, `dist.${process.pid}`);
  process.once('exit', () => rmSync(fresh, { recursive: true, force: true }));
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const hint = 'Correct the errors above, and start again.';
  await runQuietly(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', fresh], { title: 'Building (tsc)', hint });
  const program = join(fresh, 'src', 'cli', 'main.js');
  if (existsSync(program)) chmodSync(program, 0o755);
  writeFileSync(join(fresh, '.sources'), sources);
  const old = join(root, `dist.${process.pid}.old`);
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(fresh, dist);
  rmSync(old, { recursive: true, force: true });
}

/** A hash over path, size and time of every source: it changes with any of them, and costs a few milliseconds. */
function fingerprint() {
  const hash = createHash('sha256').update(process.version);
  const visit = (path) => {
    const full = join(root, path);
    const stat = statSync(full, { throwIfNoEntry: false });
    if (!stat) return;
    if (stat.isDirectory()) for (const name of readdirSync(full).toSorted()) visit(join(path, name));
    else hash.update(`${path} ${stat.size} ${stat.mtimeMs}\n`);
  };
  SOURCES.forEach(visit);
  return hash.digest('hex');
}
