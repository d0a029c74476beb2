import { z } from "zod";

/** What drills read of the metadata of anything in Kubernetes. */
export const metadataSchema = z.object({
  name: z.string(),
  namespace: z.string().default(""),
  labels: z.record(z.string(), z.string()).default({}),
  annotations: z.record(z.string(), z.string()).default({}),
  ownerReferences: z.array(z.object({ kind: z.string(), name: z.string() })).default([]),
  deletionTimestamp: z.string().optional(),
});
