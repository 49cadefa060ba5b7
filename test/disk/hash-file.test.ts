import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { hashFile } from '../../src/disk/hash-file.js';
import { temporaryFolder } from '../support/folder.js';

function written(bytes: Buffer): string {
  const file = path.join(temporaryFolder(), 'file');
  writeFileSync(file, bytes);
  return file;
}

describe('the hash of a file', () => {
  test.each([0, 1, 256 * 1024, 256 * 1024 + 1, 3_000_000])('of %i bytes is their sha256', async (size) => {
    const bytes = randomBytes(size);
    expect(await hashFile(written(bytes))).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  test('is the same for several that are hashed at once', async () => {
    const files = [1, 2, 3, 4].map((byte) => written(Buffer.alloc(1_000_000, byte)));
    const alone: string[] = [];
    for (const file of files) alone.push(await hashFile(file));
    expect(await Promise.all(files.map((file) => hashFile(file)))).toEqual(alone);
  });

  test('is given up by who no longer wants it', async () => {
    const reason = new Error('nobody wants it');
    await expect(hashFile(written(randomBytes(10)), AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  test('asks for no memory outside the heap that grows with the file', async () => {
    const file = written(Buffer.alloc(64 * 2 ** 20));
    await hashFile(file);
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const hashing = hashFile(file);
    const look = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers - before)), 1);
    await hashing;
    clearInterval(look);
    expect(most).toBeLessThan(4 * 2 ** 20);
  });
});
