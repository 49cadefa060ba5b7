import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../run-quietly.mjs';

/**
 * Checks a release out and builds it. Packages are taken from this checkout where the release has the same.
 *
 * @param {string} ref a commit or a tag
 * @param {string} folder
 */
export function buildRelease(ref, folder) {
  const git = (...args) => execFileSync('git', ['-C', root, ...args], { encoding: 'utf8' }).trim();
  const commit = git('rev-parse', '--short=9', ref);
  git('worktree', 'add', '--detach', folder, ref);
  const lock = (place) => readFileSync(join(place, 'package-lock.json'), 'utf8');
  if (lock(folder) !== lock(root)) run('npm', ['ci', '--no-audit', '--no-fund'], folder);
  else linkPackages(folder);
  run(process.execPath, ['scripts/build.mjs'], folder);
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return {
    name: `${version}-${commit}`,
    program: join(folder, 'dist', 'src', 'cli', 'main.js'),
    remove: () => git('worktree', 'remove', '--force', folder),
  };
}

/** All of this checkout's packages but Millrace, which is the release itself. */
function linkPackages(folder) {
  const script = `mkdir -p node_modules && for each in "$1"/node_modules/* "$1"/node_modules/.bin; do
    [ "$(basename "$each")" = millrace ] || ln -s "$each" node_modules/; done && ln -s .. node_modules/millrace`;
  run('sh', ['-c', script, 'sh', root], folder);
  const hidden = join(root, 'node_modules', '.package-lock.json');
  if (existsSync(hidden)) symlinkSync(hidden, join(folder, 'node_modules', '.package-lock.json'));
}

function run(program, args, cwd) {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} in ${cwd} ended with ${status}:\n${stdout}${stderr}`);
}
