import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { obtainTemporal } from '../../src/dev/temporal-binary.js';
import { startTemporalServer, type TemporalServer } from '../../src/dev/temporal-server.js';
import { lastingFolder } from './folder.js';

/** Starts a Temporal server of the test's own, with settings besides those that Millrace sets. */
export async function startOwnTemporal(settings: Readonly<Record<string, number>>): Promise<TemporalServer> {
  const { path: program } = await obtainTemporal({ notice: () => undefined });
  const binary = path.join(lastingFolder(), 'temporal');
  const values = Object.entries(settings).map(([key, value]) => `--dynamic-config-value ${key}=${value}`);
  writeFileSync(binary, `#!/bin/sh\nexec '${program}' "$@" ${values.join(' ')}\n`);
  chmodSync(binary, 0o755);
  return startTemporalServer({ binary, uiPort: null });
}
