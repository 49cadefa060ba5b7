import { createRequire } from 'node:module';

/** What is used of the package protobufjs, and of Temporal's messages made with it. */
interface ProtoJson {
  fromJson(type: object, json: unknown, options: { readonly ignoreUnknownFields: boolean }): object | null;
  toJson(type: object, message: object): unknown;
}
interface MessageType {
  fromObject(message: object): object;
}
interface Patch {
  patchProtobufRoot(root: object): { lookupType(name: string): MessageType };
}

/**
 * A history as Temporal's worker takes it, from its JSON. The SDK has a function for it, which fails where npm has installed
 * protobufjs more than once, as it does beside gRPC's: messages have to be read by the copy that made their types.
 */
export function decodeHistory(json: unknown): object {
  const { protoJson, type } = loadTypes();
  const decoded = protoJson.fromJson(type, json, { ignoreUnknownFields: true });
  if (decoded === null) throw new TypeError('The history is null');
  return decoded;
}

/** A history as `temporal workflow show --output json` writes it. */
export function encodeHistory(history: object): unknown {
  const { protoJson, type } = loadTypes();
  return protoJson.toJson(type, type.fromObject(history));
}

function loadTypes(): { readonly protoJson: ProtoJson; readonly type: MessageType } {
  const ofWorker = createRequire(createRequire(import.meta.url).resolve('@temporalio/worker'));
  const ofMessages = createRequire(ofWorker.resolve('@temporalio/proto'));
  const protoJson = ofMessages('protobufjs/ext/protojson') as ProtoJson;
  const patch = ofWorker('@temporalio/proto/lib/patch-protobuf-root') as Patch;
  const type = patch.patchProtobufRoot(ofWorker('@temporalio/proto') as object).lookupType('temporal.api.history.v1.History');
  return { protoJson, type };
}
