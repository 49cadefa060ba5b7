import { createRequire } from 'node:module';
import type { HistoryEvent } from './run-end.js';

/** What is used of the package protobufjs, and of Temporal's messages made with it. */
interface ProtoJson {
  fromJson(type: object, json: unknown, options: { readonly ignoreUnknownFields: boolean }): object | null;
  toJson(type: object, message: object): unknown;
}
interface Patch {
  patchProtobufRoot(root: object): { lookupType(name: string): object };
}

interface Codec {
  readonly json: ProtoJson;
  readonly event: object;
  readonly payload: object;
}

let opened: Codec | undefined;

// Messages have to be read by the copy of protobufjs that made their types, and npm may have installed several.
function codec(): Codec {
  if (opened) return opened;
  const ofClient = createRequire(createRequire(import.meta.url).resolve('@temporalio/client'));
  const ofMessages = createRequire(ofClient.resolve('@temporalio/proto'));
  const patch = ofClient('@temporalio/proto/lib/patch-protobuf-root') as Patch;
  const root = patch.patchProtobufRoot(ofClient('@temporalio/proto') as object);
  opened = {
    json: ofMessages('protobufjs/ext/protojson') as ProtoJson,
    event: root.lookupType('temporal.api.history.v1.HistoryEvent'),
    payload: root.lookupType('temporal.api.common.v1.Payload'),
  };
  return opened;
}

/** One event, as `temporal workflow show --output json` writes it: times as text, payloads in base64 as they are. */
export type EventJson = Readonly<Record<string, unknown>>;

export function eventToJson(event: HistoryEvent): EventJson {
  const { json, event: type } = codec();
  return json.toJson(type, event) as EventJson;
}

/** @throws an error of the library's where it is no event */
export function eventFromJson(event: unknown): HistoryEvent {
  const { json, event: type } = codec();
  const decoded = json.fromJson(type, event, { ignoreUnknownFields: true });
  if (decoded === null) throw new TypeError('The event is null');
  return decoded;
}

/** A payload, with its data in base64. */
export function payloadToJson(payload: object): unknown {
  const { json, payload: type } = codec();
  return json.toJson(type, payload);
}
