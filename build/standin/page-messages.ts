/** What the preload's world tells the main process. */
export type PageMessage =
  | { readonly does: 'invoke'; readonly id: number; readonly channel: string; readonly values: readonly unknown[] }
  | { readonly does: 'open'; readonly url: string }
  | { readonly does: 'key'; readonly key: string; readonly modifiers: readonly string[] }
  | { readonly does: 'preloadFailed'; readonly error: string }

/** What the main process tells the preload's world. */
export type HostMessage =
  | { readonly does: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly does: 'refuse'; readonly id: number; readonly message: string }
  | { readonly does: 'send'; readonly channel: string; readonly values: readonly unknown[] }
