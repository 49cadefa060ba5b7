import { open } from 'node:fs/promises';
import { isMissing, isUnmet } from './errors.js';
import { conditionOf, type Asked, type WriteOptions } from './request.js';

/** Files up to this size go in one request; larger ones in parts of it, in memory one at a time. */
export const PART_BYTES = 16 * 2 ** 20;
/** S3 takes at most 10,000 parts. */
const MOST_PARTS = 9_000;

/**
 * Uploads a file in parts. The object appears with the last request, if the condition then holds; whatever happens before,
 * nothing of it is visible, and the parts are given back.
 */
export async function uploadParts(
  { sdk, client, object, abort }: Asked,
  { file, bytes }: { readonly file: string; readonly bytes: number },
  { condition, metadata }: WriteOptions,
): Promise<string | undefined> {
  const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand({ ...object, Metadata: metadata }), abort);
  const upload = { ...object, UploadId };
  const partBytes = Math.max(PART_BYTES, Math.ceil(bytes / MOST_PARTS));
  const handle = await open(file, 'r');
  try {
    const parts: { PartNumber: number; ETag: string | undefined }[] = [];
    const buffer = Buffer.alloc(partBytes);
    for (let at = 0; at < bytes; at += partBytes) {
      const { bytesRead } = await handle.read(buffer, 0, partBytes, at);
      const part = { ...upload, PartNumber: parts.length + 1, Body: buffer.subarray(0, bytesRead) };
      const { ETag } = await client.send(new sdk.UploadPartCommand(part), abort);
      parts.push({ PartNumber: part.PartNumber, ETag });
    }
    const whole = { ...upload, MultipartUpload: { Parts: parts }, ...conditionOf(condition) };
    return (await client.send(new sdk.CompleteMultipartUploadCommand(whole), abort)).ETag ?? '';
  } catch (error) {
    await client.send(new sdk.AbortMultipartUploadCommand(upload)).catch(() => undefined);
    if (condition !== undefined && (isUnmet(error) || isMissing(error))) return undefined;
    throw error;
  } finally {
    await handle.close();
  }
}
