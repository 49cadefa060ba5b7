import { expect, test } from 'vitest';
import { approvalCall } from '../../workflows/approve-call.js';

test('an approval has the defaults that are documented, and a name made of its title', () => {
  expect(approvalCall({ title: ' Publish June 2001? ' })).toEqual({
    title: 'Publish June 2001?',
    details: null,
    roles: [],
    needed: 1,
    fourEyes: false,
    name: 'publish-june-2001',
    expiresMs: undefined,
    onExpiry: 'reject',
  });
  expect(approvalCall({ title: 'Über 20 % mehr?', as: 'more', roles: ['a', 'a'], details: { rows: 3 } })).toMatchObject({
    name: 'more',
    roles: ['a'],
    details: { rows: 3 },
  });
  expect(approvalCall({ title: 'Über 20 % mehr?' }).name).toBe('über-20-mehr');
});

test.each([
  ['2 days', 172_800_000],
  ['36 hours', 129_600_000],
  ['3d', 259_200_000],
  [5_000, 5_000],
])('a time of %s is understood', (expires, ms) => {
  expect(approvalCall({ title: 'Go on?', expires }).expiresMs).toBe(ms);
});

const circular: Record<string, unknown> = {};
circular['self'] = circular;

test.each<[string, object, RegExp]>([
  ['no title', {}, /`title` has to say in a line/],
  ['an empty title', { title: '  ' }, /`title` has to say in a line/],
  ['a title that is too long', { title: 'x'.repeat(201) }, /`title` has 201 characters, and may have 200/],
  ['a title without a word', { title: '???' }, /no name can be made of the title "\?\?\?"/],
  ['nobody needed', { title: 'a', needed: 0 }, /`needed` has to be a number of people from 1 to 20, and is 0/],
  ['half a person', { title: 'a', needed: 1.5 }, /`needed`/],
  ['a crowd', { title: 'a', needed: 21 }, /`needed`/],
  ['a role that is none', { title: 'a', roles: [''] }, /`roles` has to be a list/],
  ['one role without a list', { title: 'a', roles: 'admin' }, /`roles` has to be a list/],
  ['too many roles', { title: 'a', roles: Array.from({ length: 21 }, (_, at) => `r${at}`) }, /`roles` names 21 roles/],
  ['long details', { title: 'a', details: 'x'.repeat(20_001) }, /`details` has 20001 characters, and may have 20000/],
  ['details that are no JSON', { title: 'a', details: circular }, /`details` cannot be written as JSON/],
  ['details that JSON leaves out', { title: 'a', details: () => 1 }, /`details` has to be Markdown/],
  ['a time that is none', { title: 'a', expires: 'soon' }, /`expires` is "soon"/],
  ['a time that is over at once', { title: 'a', expires: 0 }, /`expires` is 0/],
  ['a time without end', { title: 'a', expires: Number.POSITIVE_INFINITY }, /`expires`/],
  ['another end of the time', { title: 'a', onExpiry: 'fail' }, /`onExpiry` is "fail"; it is 'reject' or 'approve'/],
  ['four eyes that are neither', { title: 'a', fourEyes: 'yes' }, /`fourEyes` is yes; it is true or false/],
  ['an empty name', { title: 'a', as: ' ' }, /`as` has to be a name/],
])('%s is refused, naming the option', (_, options, message) => {
  expect(() => approvalCall(options as { title: string })).toThrowError(message);
  expect(() => approvalCall(options as { title: string })).toThrowError(expect.objectContaining({ code: 'OPTION_INVALID' }));
});
