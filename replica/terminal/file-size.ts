import type { AttachedFile } from '../client/contract/mailbox.ts'
import { printableLine } from './text-width.ts'

const kilobyte = 1_000

/** "plan.pdf (12 KB)". */
export const shownFile = ({ name, size }: AttachedFile): string => `${printableLine(name)} (${shownSize(size)})`

const shownSize = (bytes: number): string =>
  bytes < kilobyte ? `${bytes} bytes` : `${Math.round(bytes / kilobyte)} KB`
