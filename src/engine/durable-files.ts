import { open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** Writes a file and waits until the disk has it. */
export async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export async function fileSize(file: string): Promise<number> {
  return (await stat(file)).size;
}

/** Bytes of every file below a folder; none when it is not there. */
export async function folderBytes(directory: string): Promise<number> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const sizes = entries.map(async (entry) => {
    const full = path.join(directory, entry.name);
    if (entry.isDirectory()) return folderBytes(full);
    return stat(full).then(
      (found) => found.size,
      () => 0,
    );
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
