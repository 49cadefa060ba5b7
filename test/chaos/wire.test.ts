import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { openLine, type Line } from '../../chaos/servers/line.js';
import { isCommit, isCopyData, speakerOf } from '../../chaos/servers/wire.js';
import { until } from '../support/until.js';

/** PostgreSQL's first message of a session, and a message of a type. */
function startup(application: string): Buffer {
  const body = Buffer.concat([Buffer.from([0, 3, 0, 0]), Buffer.from(`user\0me\0application_name\0${application}\0\0`)]);
  return withLength(body);
}
const message = (type: string, text: string): Buffer => Buffer.concat([Buffer.from(type), withLength(Buffer.from(`${text}\0`))]);

function withLength(body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([length, body]);
}

test('a connection is known by the name of its application', () => {
  expect(speakerOf(startup('millrace load 12ab'))).toBe('load');
  expect(speakerOf(startup('millrace extract 12ab'))).toBe('extract');
  expect(speakerOf(startup('psql'))).toBe('other');
  expect(speakerOf(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]))).toBeUndefined();
});

test('COMMIT is told from other statements, and rows of a COPY from statements', () => {
  expect(isCommit(message('Q', 'COMMIT'))).toBe(true);
  expect(isCommit(message('Q', 'COMMIT PREPARED'))).toBe(true);
  expect(isCommit(message('Q', 'ROLLBACK'))).toBe(false);
  expect(isCommit(message('Q', 'COMMITTED'))).toBe(false);
  expect(isCopyData(message('d', 'row'))).toBe(true);
  expect(isCopyData(message('Q', 'COPY t FROM STDIN'))).toBe(false);
});

/** A server that answers each message with `ok`, and a client, with the line between them. */
async function joined(
  application: string,
): Promise<{ line: Line; client: Socket; heard: Buffer[]; answers: string[]; ends: string[] }> {
  const [heard, answers, ends]: [Buffer[], string[], string[]] = [[], [], []];
  const server = createServer((socket) => {
    socket
      .on('error', () => undefined)
      .on('data', (chunk) => {
        heard.push(chunk);
        socket.write('ok');
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const line = await openLine((server.address() as AddressInfo).port);
  const client = connect(line.port, '127.0.0.1');
  client
    .on('data', (chunk) => answers.push(chunk.toString()))
    .on('error', (error) => ends.push((error as NodeJS.ErrnoException).code ?? ''));
  onTestFinished(() => {
    client.destroy();
    line.close();
    server.close();
  });
  client.write(startup(application));
  await until(
    () => answers.length === 1,
    () => 'no answer to the first message',
  );
  return { line, client, heard, answers, ends };
}

test('a COMMIT that is held has arrived, and its answer comes only when it is let go', async () => {
  const { line, client, heard, answers } = await joined('millrace load 1');
  const { held } = line.holdNext('committing', 0);
  client.write(message('Q', 'COMMIT'));
  const connection = await held;
  await until(
    () => heard.length === 2,
    () => 'the COMMIT has not arrived',
  );
  expect(answers).toEqual(['ok']);
  connection.release();
  await until(
    () => answers.length === 2,
    () => 'no answer after the release',
  );
});

test('rows of a load are held once enough of them have gone through, and the cut is a reset', async () => {
  const { line, client, heard, ends } = await joined('millrace load 1');
  const { held } = line.holdNext('copying', 100);
  client.write(message('d', 'x'.repeat(50)));
  await until(
    () => heard.length === 2,
    () => 'the first rows have not arrived',
  );
  client.write(message('d', 'x'.repeat(50)));
  (await held).cut();
  await until(
    () => ends.length === 1,
    () => 'the client has not noticed',
  );
  expect(ends).toEqual(['ECONNRESET']);
});

test('only connections of the speakers that are meant are cut', async () => {
  const { line, ends } = await joined('psql');
  expect(line.cut(['load', 'extract'])).toBe(0);
  expect(line.cut(['other'])).toBe(1);
  await until(
    () => ends.length === 1,
    () => 'the client has not noticed',
  );
});
