import { defineSignal, setHandler } from '@temporalio/workflow';
import type { DatasetEvent, TriggerRequest, TriggerSettings, WebhookDelivery } from '../src/core/trigger.js';
import type { TriggerState } from './trigger-state.js';

/** Takes what a trigger is told. Registered before anything is waited for: a signal may be why it was started. */
export function listenForEvents(state: TriggerState, onSettings: (settings: TriggerSettings) => void): void {
  setHandler(defineSignal<[readonly DatasetEvent[]]>('loads'), (events) => state.hearLoads(events));
  setHandler(defineSignal<[WebhookDelivery]>('delivery'), (delivery) => state.hearDelivery(delivery));
  setHandler(defineSignal<[TriggerRequest]>('pause'), (request) => state.pause(request));
  setHandler(defineSignal<[TriggerRequest]>('resume'), () => state.resume());
  setHandler(defineSignal<[TriggerRequest]>('evaluate'), () => state.evaluateAll());
  setHandler(defineSignal<[TriggerSettings]>('settings'), (settings) => {
    state.apply(settings);
    onSettings(settings);
  });
}
