import { wallClock } from './zoned-time.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** What clocks leave out when they are put forward: from one time of theirs to another, each as if it were of UTC. */
export interface ClockGap {
  readonly from: Date;
  readonly to: Date;
}

/** The times that clocks in a time zone leave out within so many days. */
export function clockGaps(timezone: string, after: Date, days: number): ClockGap[] {
  const ahead = (at: number): number => wallClock(new Date(at), timezone) - at;
  const gaps: ClockGap[] = [];
  const begin = Math.floor(after.getTime() / MINUTE_MS) * MINUTE_MS;
  for (let day = begin; day < begin + days * DAY_MS; day += DAY_MS) {
    const [before, then] = [ahead(day), ahead(day + DAY_MS)];
    if (then <= before) continue;
    const change = firstMinute(day, day + DAY_MS, (at) => ahead(at) !== before);
    gaps.push({ from: new Date(change + before), to: new Date(change + then) });
  }
  return gaps;
}

/** The first minute of a span for which something holds that holds from there on. */
function firstMinute(from: number, to: number, holds: (at: number) => boolean): number {
  let [low, high] = [from, to];
  while (high - low > MINUTE_MS) {
    const middle = low + Math.floor((high - low) / 2 / MINUTE_MS) * MINUTE_MS;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}
