import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** The disk that holds staging, which can be filled without harm to anything else. */
export interface StagingDisk {
  /** `disk`: a file system of its own, which really fills; `quota`: the folder's quota (`staging.maxBytes`), where mounting is not permitted. */
  readonly kind: 'disk' | 'quota';
  /** The quota that workers are given, if that is what fills. */
  readonly quotaBytes?: number;
  fill(): Promise<void>;
  free(): Promise<void>;
  close(): void;
}

const DISK_BYTES = 48 << 20;

/** Makes the folder, on a file system of its own if this process may mount one. */
export function openStagingDisk(folder: string): StagingDisk {
  mkdirSync(folder, { recursive: true });
  const ballast = path.join(folder, 'ballast');
  const isMounted = mount(folder);
  return {
    kind: isMounted ? 'disk' : 'quota',
    ...(!isMounted && { quotaBytes: DISK_BYTES }),
    async fill() {
      // The write that asks for more than there is takes what there is.
      if (isMounted) return writeFile(ballast, Buffer.alloc(DISK_BYTES + 1)).catch(() => undefined);
      await writeFile(ballast, '');
      // A file that has a size and takes no room.
      await truncate(ballast, DISK_BYTES + 1);
    },
    free: () => rm(ballast, { force: true }),
    close: () => void (isMounted && spawnSync('umount', ['-l', folder])),
  };
}

function mount(folder: string): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', folder]).status === 0;
}
