import { contextBridge, ipcRenderer } from 'electron'
import type { Answer, QuintetBridge } from './contract/bridge.ts'
import { channels } from './ipc/channels.ts'

/** Events come in arrays, because a merge brings thousands of them at once. */
const subscribe = (channel: string, listener: (events: readonly never[]) => void): (() => void) => {
  const receive = (_: unknown, events: readonly never[]): void => {
    listener(events)
  }
  ipcRenderer.on(channel, receive)
  return () => {
    ipcRenderer.removeListener(channel, receive)
  }
}

const call = (channel: string, method: string, request: unknown): Promise<Answer<unknown>> =>
  ipcRenderer.invoke(channel, method, request) as Promise<Answer<unknown>>

const bridge: QuintetBridge = {
  client: (method, request) => call(channels.client, method, request),
  host: (method, request) => call(channels.host, method, request),
  onClientEvents: (listener) => subscribe(channels.clientEvents, listener),
  onAppEvents: (listener) => subscribe(channels.appEvents, listener),
}

contextBridge.exposeInMainWorld('quintet', bridge)
