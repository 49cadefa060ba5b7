/** Kinds of values, to be combined: a shape has seen those whose bits are set. */
export const KIND = { string: 1, boolean: 2, integer: 4, fraction: 8, object: 16, array: 32 } as const;

/** Below the top, an object with more keys than this holds data in its keys: it is a map. */
export const MAX_MEMBERS = 200;

/** One key of an object. */
export interface Member {
  readonly name: string;
  /** The key as it stands in the file, without quotes. */
  readonly raw: Buffer;
  readonly shape: Shape;
  readonly index: number;
  /** The number of the last object that had it, to see a key twice. */
  lastObject: number;
}

/**
 * What values of one place in a file's records have been so far. It only grows, and seeing a value again changes nothing, so
 * that a record may be read twice.
 */
export class Shape {
  /** Bits of {@link KIND}. A null leaves none. */
  kinds = 0;
  /** Most digits of a number before the point, and after it. */
  digits = 0;
  scale = 0;
  /** Whether an integer does not fit 64 bits. */
  isWide = false;
  /** Whether a double would change an integer, or a fraction. */
  losesInteger = false;
  losesFraction = false;
  /** Keys in order of their first appearance; empty once there are too many to be names. */
  readonly members: Member[] = [];
  /** The values of all keys, where there are too many. */
  values: Shape | undefined;
  element: Shape | undefined;
  /** Whether it stands for everything below it, because it lies so deep. */
  isDeep = false;
  private readonly byName = new Map<string, Member>();

  member(name: string): Member | undefined {
    return this.byName.get(name);
  }

  addMember(name: string, raw: Buffer): Member {
    const member: Member = { name, raw, shape: new Shape(), index: this.members.length, lastObject: 0 };
    this.members.push(member);
    this.byName.set(name, member);
    return member;
  }

  elementShape(): Shape {
    return (this.element ??= new Shape());
  }

  /** Takes the keys for data from now on. */
  becomeMap(): Shape {
    if (this.values !== undefined) return this.values;
    this.values = new Shape();
    for (const { shape } of this.members) this.values.merge(shape);
    this.members.length = 0;
    this.byName.clear();
    return this.values;
  }

  /** Takes over what another shape has seen. */
  merge(other: Shape): void {
    this.kinds |= other.kinds;
    this.digits = Math.max(this.digits, other.digits);
    this.scale = Math.max(this.scale, other.scale);
    this.isWide ||= other.isWide;
    this.losesInteger ||= other.losesInteger;
    this.losesFraction ||= other.losesFraction;
    this.isDeep ||= other.isDeep;
    if (other.element) this.elementShape().merge(other.element);
    if (other.values) this.becomeMap().merge(other.values);
    for (const { name, raw, shape } of other.members) {
      const into = this.values ?? (this.member(name) ?? this.addMember(name, raw)).shape;
      into.merge(shape);
      if (this.members.length > MAX_MEMBERS) this.becomeMap();
    }
  }
}
