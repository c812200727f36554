import type { UpdateId } from '../../replica/core/model/ids.ts'

/** Which mails are selected, and from where a range is drawn. */
export interface Selection {
  readonly mails: ReadonlySet<UpdateId>
  /** Where the last single choice was made; null when none was. */
  readonly anchor: UpdateId | null
}

export const nothingSelected: Selection = { mails: new Set(), anchor: null }

/** `x`, Ctrl and click: the one is added or taken away. */
export const toggled = ({ mails }: Selection, mail: UpdateId): Selection => {
  const changed = new Set(mails)
  if (!changed.delete(mail)) changed.add(mail)
  return { mails: changed, anchor: mail }
}

/** Shift and click: all from the anchor to `mail`, as `order` shows them; what was selected stays. */
export const extended = (
  selection: Selection,
  mail: UpdateId,
  order: { readonly indexOf: (mail: UpdateId) => number; readonly at: (index: number) => UpdateId | undefined },
): Selection => {
  const end = order.indexOf(mail)
  const start = selection.anchor === null ? end : order.indexOf(selection.anchor)
  if (start === -1 || end === -1) return toggled(selection, mail)
  const changed = new Set(selection.mails)
  for (let index = Math.min(start, end); index <= Math.max(start, end); index += 1) {
    const between = order.at(index)
    if (between !== undefined) changed.add(between)
  }
  return { mails: changed, anchor: selection.anchor ?? mail }
}

export const selected = (mails: Iterable<UpdateId>): Selection => ({ mails: new Set(mails), anchor: null })

/** Mails that are gone are no longer selected. */
export const without = (selection: Selection, gone: ReadonlySet<UpdateId>): Selection => ({
  mails: new Set([...selection.mails].filter((mail) => !gone.has(mail))),
  anchor: selection.anchor !== null && gone.has(selection.anchor) ? null : selection.anchor,
})
