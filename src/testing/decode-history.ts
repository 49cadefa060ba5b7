import { createRequire } from 'node:module';

/** What is used of the package protobufjs, and of Temporal's messages made with it. */
interface ProtoJson {
  fromJson(type: object, json: unknown, options: { readonly ignoreUnknownFields: boolean }): object | null;
}
interface Patch {
  patchProtobufRoot(root: object): { lookupType(name: string): object };
}

/**
 * A history as Temporal's worker takes it, from its JSON. The SDK has a function for it, which fails where npm has installed
 * protobufjs more than once, as it does beside gRPC's: messages have to be read by the copy that made their types.
 */
export function decodeHistory(json: unknown): object {
  const ofWorker = createRequire(createRequire(import.meta.url).resolve('@temporalio/worker'));
  const ofMessages = createRequire(ofWorker.resolve('@temporalio/proto'));
  const protoJson = ofMessages('protobufjs/ext/protojson') as ProtoJson;
  const patch = ofWorker('@temporalio/proto/lib/patch-protobuf-root') as Patch;
  const type = patch.patchProtobufRoot(ofWorker('@temporalio/proto') as object).lookupType('temporal.api.history.v1.History');
  const decoded = protoJson.fromJson(type, json, { ignoreUnknownFields: true });
  if (decoded === null) throw new TypeError('The history is null');
  return decoded;
}
