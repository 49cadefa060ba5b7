import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { cachedFolder, findTemporal, obtainTemporal } from '../../src/dev/temporal-binary.js';
import { temporaryFolder } from '../support/folder.js';

test('a program on PATH comes before one in Go’s folders, and that before a cached copy', () => {
  const home = temporaryFolder();
  const env = {
    HOME: home,
    PATH: join(home, 'bin'),
    GOBIN: join(home, 'gobin'),
    GOPATH: join(home, 'gopath'),
    MILLRACE_CACHE_DIR: join(home, 'cache'),
  };
  expect(findTemporal(env)).toBeNull();
  const places = [
    [cachedFolder(env), 'cached copy'],
    [join(home, 'go', 'bin'), "found in Go's bin folder"],
    [join(home, 'gopath', 'bin'), "found in Go's bin folder"],
    [join(home, 'gobin'), "found in Go's bin folder"],
    [join(home, 'bin'), 'found on PATH'],
  ] as const;
  for (const [folder, origin] of places) {
    const path = program(folder);
    expect(findTemporal(env)).toEqual({ path, origin });
  }
});

test('a file that can’t be executed is no program', () => {
  const home = temporaryFolder();
  chmodSync(program(join(home, 'bin')), 0o644);
  mkdirSync(join(home, 'go', 'bin', 'temporal'), { recursive: true });
  expect(findTemporal({ HOME: home, PATH: join(home, 'bin'), MILLRACE_CACHE_DIR: home })).toBeNull();
});

test('where nothing is there and nothing can be fetched, the error names every way, within seconds', async () => {
  const home = temporaryFolder();
  const started = Date.now();
  const notices: string[] = [];
  const failed = obtainTemporal({
    env: { HOME: home, PATH: home, MILLRACE_CACHE_DIR: join(home, 'cache') },
    answerTimeoutMs: 1,
    notice: (line) => notices.push(line),
  });
  await expect(failed).rejects.toMatchObject({ code: 'TOOL_MISSING' });
  const message = await failed.catch((error: Error) => error.message);
  for (const way of [
    'TEMPORAL_ADDRESS',
    'on PATH',
    'go install github.com/temporalio/cli',
    'docker compose up',
    'Go is not on PATH',
    'temporal.download',
  ]) {
    expect(message).toContain(way);
  }
  expect(notices).toHaveLength(2);
  expect(Date.now() - started).toBeLessThan(10_000);
});

test('with Go at hand the program is built into the cache, and found there the next time', async () => {
  const home = temporaryFolder();
  // Stands for Go: it makes what Go would build, where Go would put it.
  program(
    join(home, 'bin'),
    'go',
    '#!/bin/sh\n[ "$1" = install ] || exit 0\necho "#!/bin/sh" > "$GOBIN/temporal"\n/bin/chmod +x "$GOBIN/temporal"\n',
  );
  const env = { HOME: home, PATH: join(home, 'bin'), MILLRACE_CACHE_DIR: join(home, 'cache') };
  const path = join(cachedFolder(env), 'temporal');
  expect(await obtainTemporal({ env, answerTimeoutMs: 1_000 })).toEqual({ path, origin: 'fetched by go install' });
  expect(await obtainTemporal({ env })).toEqual({ path, origin: 'cached copy' });
  expect(dirname(dirname(path))).toBe(join(home, 'cache'));
});

test('a Go that can’t reach its modules is given up, with its own last words', async () => {
  const home = temporaryFolder();
  program(join(home, 'bin'), 'go', '#!/bin/sh\necho "dial tcp: no route to host" >&2\nexit 1\n');
  const failed = obtainTemporal({
    env: { HOME: home, PATH: join(home, 'bin'), MILLRACE_CACHE_DIR: home },
    answerTimeoutMs: 1_000,
  });
  await expect(failed).rejects.toThrow(/`go list` failed: dial tcp: no route to host/);
});

function program(folder: string, name = 'temporal', text = '#!/bin/sh\n'): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), text, { mode: 0o755 });
  return join(folder, name);
}
