import type { QuintetBridge } from '../electron/contract/bridge.ts'

declare global {
  interface Window {
    /** Put there by the preload. Only `bridge.ts` uses it. */
    readonly quintet: QuintetBridge
  }
}
