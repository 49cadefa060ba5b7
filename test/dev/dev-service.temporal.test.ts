import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { connect } from '../../src/client/index.js';
import { loadProject, type LoadedProject } from '../../src/config/load.js';
import { startDevService } from '../../src/dev/dev-service.js';
import { temporalAddress } from '../support/temporal.js';
import { writtenProject } from '../support/written-project.js';

/** What both tests start with. */
async function given(): Promise<{ readonly project: LoadedProject; readonly address: string }> {
  return { project: await loadProject(writtenProject()), address: await temporalAddress() };
}

/** Listens on a port until the test ends, unless something else does already. Gives the port. */
async function occupy(port: number): Promise<number> {
  const server = createServer().listen(port, '127.0.0.1');
  onTestFinished(() => void server.close());
  await Promise.race([once(server, 'listening'), new Promise((resolve) => server.once('error', resolve))]);
  return (server.address() as AddressInfo | null)?.port ?? port;
}

test('where its usual port is taken, the client service of `millrace dev` takes the next free one, says so, and answers', async () => {
  await occupy(8300);
  const { project, address } = await given();
  const notices: string[] = [];
  const service = await startDevService({ project, address, notice: (line) => notices.push(line) });
  onTestFinished(() => service.stop());
  const port = Number(new URL(service.url).port);
  expect(port).toBeGreaterThan(8300);
  expect(notices).toContain(`Port 8300 is taken; the client service uses ${port} instead.`);
  const { items } = await connect(service).pipelines.list();
  expect(items.map(({ name }) => name)).toEqual(Object.keys(project.pipelines));
});

test('a port that was asked for and is taken is an error that names the option', async () => {
  const port = await occupy(0);
  const { project, address } = await given();
  await expect(startDevService({ project, address, port, notice: () => undefined })).rejects.toMatchObject({
    code: 'PORT_BUSY',
    message: expect.stringMatching(new RegExp(`Port ${port} for the client service is taken.*--service-port`)) as string,
  });
});
