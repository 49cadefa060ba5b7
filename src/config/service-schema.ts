import { z } from 'zod';

const text = z.string().min(1);
const configurable = z.union([
  text,
  z.strictObject({ kind: z.literal('env'), name: z.string(), default: z.string().optional() }),
]);
const values = z.array(text).optional();

/** The shape of `service` in the config. */
export const serviceSchema = z.strictObject({
  oidc: z
    .strictObject({
      issuer: configurable,
      audience: configurable,
      jwksUri: configurable.optional(),
      rolesClaim: text.optional(),
      roles: z.strictObject({ viewer: values, operator: values, admin: values }).optional(),
      scope: z
        .strictObject({ owners: text.optional(), tags: text.optional(), pipelines: text.optional() })
        .refine((claims) => Object.keys(claims).length > 0, 'name at least one claim, or leave `scope` out')
        .optional(),
    })
    .optional(),
  rateLimit: z.strictObject({ perSecond: z.number().positive().optional(), burst: z.int().positive().optional() }).optional(),
  proxies: z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])).optional(),
});
