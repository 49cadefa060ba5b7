import { createServer, type AddressInfo } from 'node:net';
import { onTestFinished, expect, test } from 'vitest';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { messageId, sendTo } from '../../src/alerts/channels/open-channel.js';
import { smtp, type SmtpOptions } from '../../src/config/alerts.js';
import { env } from '../../src/config/env.js';
import { makeAuthority } from '../support/certificates.js';
import { temporaryFolder } from '../support/folder.js';
import { alertOnce, anAlert, catalogOf, projectWith, watch } from './scene.js';

interface Mail {
  readonly to: readonly string[];
  readonly text: string;
  readonly secure: boolean;
}

/** A real SMTP server until the running test ends. */
async function startSmtp(options: SMTPServerOptions = {}): Promise<{ readonly port: number; readonly mails: Mail[] }> {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    logger: false,
    authOptional: true,
    onData(stream, session, done) {
      let text = '';
      stream.setEncoding('utf8');
      stream.on('data', (piece: string) => (text += piece));
      stream.on('end', () => {
        mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), text, secure: session.secure });
        done();
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(resolve)));
  return { port: (server.server.address() as AddressInfo).port, mails };
}

const PASSWORD = 'correct horse battery';
const environment = (name: string): string | undefined => ({ MAIL_PASSWORD: PASSWORD, OTHERS: 'b@example.com' })[name];

function send(options: Partial<SmtpOptions> & Pick<SmtpOptions, 'port'>, signal = new AbortController().signal): Promise<void> {
  const channel = smtp({ host: '127.0.0.1', tls: 'never', from: 'Millrace <mill@example.com>', to: 'a@example.com', ...options });
  const alert = anAlert({ key: 'run failed/ü 1', title: 'orders failed\r\nBcc: everybody@example.com' });
  const message = { id: messageId(alert.key, 'mail'), alert, test: false };
  return sendTo('mail', channel, { environment, root: '/' }, message, signal);
}

/** A server's certificate for this machine, and the file with who signed it. */
function certificate() {
  const authority = makeAuthority(temporaryFolder(), 'mail');
  return { ca: authority.certFile, ...authority.issue('server', ['IP:127.0.0.1']) };
}

/** Only who knows the password. */
const guarded: SMTPServerOptions = {
  authOptional: false,
  onAuth: ({ username, password }, _, done) =>
    username === 'mill' && password === PASSWORD ? done(null, { user: username }) : done(new Error('Wrong name or password')),
};

test('an alert is mailed to everybody named, encrypted and after a login', async () => {
  const { ca, key, cert } = certificate();
  const { port, mails } = await startSmtp({ key, cert, ...guarded });
  const login = { user: 'mill', password: env('MAIL_PASSWORD') };
  await send({ port, tls: 'starttls', ca, ...login, to: ['a@example.com', env('OTHERS')] });
  expect(mails).toMatchObject([{ to: ['a@example.com', 'b@example.com'], secure: true }]);
  const text = mails[0]?.text ?? '';
  expect(text).toContain(`Message-ID: <${messageId('run failed/ü 1', 'mail')}@millrace>`);
  expect(text).toContain('Subject: [critical] orders failed Bcc: everybody@example.com');
  expect(text).not.toMatch(/^Bcc:/m);
  expect(text).toContain('Auto-Submitted: auto-generated');
  expect(text).toContain('The source is gone.');
});

test('TLS from the first byte is spoken where the config says so', async () => {
  const { ca, key, cert } = certificate();
  const { port, mails } = await startSmtp({ key, cert, secure: true });
  await send({ port, tls: 'always', ca });
  expect(mails).toMatchObject([{ secure: true }]);
});

test('a server without encryption, or of a stranger, gets nothing', async () => {
  const plain = await startSmtp({ disabledCommands: ['STARTTLS'] });
  await expect(send({ port: plain.port, tls: 'starttls' })).rejects.toMatchObject({ code: 'ALERT_REFUSED' });
  const { key, cert } = certificate();
  const strange = await startSmtp({ key, cert });
  await expect(send({ port: strange.port, tls: 'starttls' })).rejects.toMatchObject({
    code: 'ALERT_UNDELIVERED',
    message: expect.stringMatching(/certificate|signed/) as string,
  });
  expect([...plain.mails, ...strange.mails]).toEqual([]);
});

test('a wrong password is told without it, and tried no more', async () => {
  const { port } = await startSmtp({ ...guarded, allowInsecureAuth: true });
  const sent = send({ port, user: 'mill', password: 'a wrong one' });
  await expect(sent).rejects.toMatchObject({ code: 'ALERT_REFUSED', message: expect.stringContaining('535') as string });
  await expect(sent).rejects.not.toMatchObject({ message: expect.stringContaining('a wrong one') as string });
});

test('a missing variable is told by its name, and may be there for who tries next', async () => {
  await expect(send({ port: 9, user: 'mill', password: env('NOWHERE') })).rejects.toMatchObject({
    code: 'ALERT_UNDELIVERED',
    message: expect.stringMatching(/alerts\.channels\.mail\.password needs the environment variable NOWHERE/) as string,
  });
});

test('a server that can not be reached, or says nothing, is for another try', async () => {
  const gone = createServer();
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
  const { port } = gone.address() as AddressInfo;
  gone.close();
  await expect(send({ port })).rejects.toMatchObject({
    code: 'ALERT_UNDELIVERED',
    message: expect.stringContaining('ECONNREFUSED') as string,
  });
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void silent.close());
  await expect(send({ port: (silent.address() as AddressInfo).port }, AbortSignal.timeout(200))).rejects.toMatchObject({
    code: 'ALERT_UNDELIVERED',
  });
});

test('a mailbox that is full for now gets the mail later, and one that is not there never', async () => {
  let full = 2;
  const { port, mails } = await startSmtp({
    onRcptTo({ address }, _, done) {
      const refused = address === 'nobody@example.com' ? 550 : full-- > 0 ? 452 : undefined;
      done(
        refused === undefined
          ? null
          : Object.assign(new Error(refused === 550 ? 'No such mailbox' : 'Mailbox full'), { responseCode: refused }),
      );
    },
  });
  const mail = smtp({ host: '127.0.0.1', port, tls: 'never', from: 'mill@example.com', to: 'a@example.com' });
  const lost = smtp({ host: '127.0.0.1', port, tls: 'never', from: 'mill@example.com', to: 'nobody@example.com' });
  const project = projectWith({ channels: { mail, lost } });
  const catalog = await catalogOf(project);
  const alert = anAlert();
  await catalog.raiseAlert(alert);
  let looks = 0;
  watch(catalog, project, { now: () => Date.now() + looks++ * 60_000 });
  await alertOnce(
    catalog,
    alert.key,
    ({ deliveries }) => deliveries.length > 0 && deliveries.every(({ state }) => state === 'sent' || state === 'dead'),
  );
  expect((await catalog.findAlert(alert.key))?.deliveries).toMatchObject([
    { channel: 'lost', state: 'dead', attempts: 1, error: expect.stringContaining('No such mailbox') as string },
    { channel: 'mail', state: 'sent', attempts: 3 },
  ]);
  expect(mails).toHaveLength(1);
});
