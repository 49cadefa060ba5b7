import { ROLES, type Caller, type Role } from './caller.js';

/** Whether somebody holds what an approval names: a role of Millrace or one above it, or a group. */
export function holds({ role, groups = [], kind }: Caller, wanted: string): boolean {
  if (kind === 'anonymous') return false;
  const least = ROLES.indexOf(wanted as Role);
  return least >= 0 ? ROLES.indexOf(role) >= least : groups.includes(wanted);
}
