import { describe, expect, it } from 'vitest'
import { extended, nothingSelected, selected, toggled, without } from '../../renderer/mail/selection.ts'
import { mailId } from './fake-mailbox.ts'

const shown = [5, 4, 3, 2, 1].map(mailId)
const order = { indexOf: (mail: (typeof shown)[number]) => shown.indexOf(mail), at: (index: number) => shown[index] }

describe('selecting mails', () => {
  it('adds one and takes it away again', () => {
    const once = toggled(nothingSelected, mailId(3))
    expect([...once.mails]).toEqual([mailId(3)])
    expect(toggled(once, mailId(3)).mails.size).toBe(0)
  })

  it('draws a range from the last single choice, either way', () => {
    const from = toggled(nothingSelected, mailId(3))
    expect(extended(from, mailId(1), order).mails).toEqual(new Set([3, 2, 1].map(mailId)))
    expect(extended(from, mailId(5), order).mails).toEqual(new Set([3, 5, 4].map(mailId)))
  })

  it('keeps what was selected, and the anchor, while a range grows', () => {
    const apart = toggled(toggled(nothingSelected, mailId(1)), mailId(5))
    const range = extended(apart, mailId(4), order)
    expect(range.mails).toEqual(new Set([1, 5, 4].map(mailId)))
    expect(extended(range, mailId(3), order).mails.size).toBe(4)
  })

  it('takes just the one when its anchor is no longer shown', () => {
    const gone = toggled(nothingSelected, mailId(77))
    expect(extended(gone, mailId(2), order).mails).toEqual(new Set([77, 2].map(mailId)))
  })

  it('forgets mails that are gone', () => {
    const left = without(toggled(selected([mailId(1), mailId(2)]), mailId(3)), new Set([mailId(2), mailId(3)]))
    expect(left).toEqual({ mails: new Set([mailId(1)]), anchor: null })
  })
})
