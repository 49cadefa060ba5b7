/** How often a Temporal server was asked for lists and counts. */
export interface VisibilityWatch {
  /** Requests so far, and the most of one second. */
  stop(): Promise<{ readonly requests: number; readonly seconds: number; readonly mostOfASecond: number }>;
}

/** Counts them, second by second, as the server's own metrics tell. */
export async function watchVisibility(metricsUrl: string): Promise<VisibilityWatch> {
  const began = { at: performance.now(), requests: await visibilityRequests(metricsUrl) };
  let last = began.requests;
  let most = 0;
  const look = async (): Promise<number> => {
    const now = await visibilityRequests(metricsUrl);
    most = Math.max(most, now - last);
    last = now;
    return now;
  };
  const timer = setInterval(() => void look().catch(() => undefined), 1_000);
  return {
    async stop() {
      clearInterval(timer);
      const requests = (await look()) - began.requests;
      return { requests, seconds: (performance.now() - began.at) / 1000, mostOfASecond: most };
    },
  };
}

const COUNTED =
  /^service_requests\{[^}]*operation="(List|Count|Scan)WorkflowExecutions"[^}]*service_name="frontend"[^}]*\} (\d+)/gm;

async function visibilityRequests(metricsUrl: string): Promise<number> {
  const text = await (await fetch(metricsUrl)).text();
  return [...text.matchAll(COUNTED)].reduce((sum, [, , count]) => sum + Number(count), 0);
}
