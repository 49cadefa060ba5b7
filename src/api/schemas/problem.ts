import { z } from 'zod';

/** An error, as RFC 9457 describes it, with Millrace's code. */
export const problem = z
  .object({
    type: z.string().describe('urn:millrace:error: and the code.'),
    title: z.string().describe('What such an error means.'),
    status: z.int(),
    detail: z.string().describe('What failed here, why, and what to do.'),
    code: z.string().describe('Of the table of error codes.'),
    remedy: z.string(),
    instance: z.string().optional().describe('The request, as the log names it.'),
  })
  .meta({ id: 'Problem' });

export type Problem = z.infer<typeof problem>;
