import { describe, expect, test } from 'vitest'

import { serverId } from '../../replica/core/model/ids.ts'
import { shortDate } from '../../replica/terminal/dates.ts'
import { safetyOf } from '../../replica/terminal/mail-commands.ts'
import { displayWidth, fitted, printable, printableLine, wrapped } from '../../replica/terminal/text-width.ts'
import { viewLine } from '../../replica/terminal/view-line.ts'

describe('text for a terminal', () => {
  test('has the width that it is shown with', () => {
    expect(['abc', '山田', 'e\u0301', '👩‍👩‍👧', '', 'ﬁ', 'ｱ', '한국'].map(displayWidth)).toEqual([3, 4, 1, 2, 0, 1, 1, 4])
  })

  test('is cut and filled to exactly its columns', () => {
    for (const text of ['', 'abc', 'abcdefghijk', '会議の議事録', 'a会議の議事録', '👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧']) {
      for (const columns of [1, 2, 3, 5, 8, 20]) expect(displayWidth(fitted(text, columns))).toBe(columns)
    }
    expect(fitted('abcdefgh', 5)).toBe('abcd…')
  })

  test('cannot command the terminal', () => {
    expect(printable('a\u001b[2Jb\u009b1m\u0007\u202ec\r\nd\te\rf')).toBe('a\ufffd[2Jb\ufffd1m\ufffdc\nd    e\ufffdf')
    expect(printableLine('one\ntwo')).toBe('one two')
  })

  test('is broken at spaces', () => {
    expect(wrapped('one two three\n\nfour', 8)).toEqual(['one two', 'three', '', 'four'])
    expect(wrapped('abcdefghijkl', 5)).toEqual(['abcdefghijkl'])
  })

  test('tells dates as short as is clear', () => {
    const now = new Date(2026, 10, 21, 12, 0).getTime()
    const at = (...parts: readonly [number, number, number, number, number]): string =>
      shortDate(new Date(...parts).getTime(), now)
    expect(at(2026, 10, 21, 9, 5)).toBe('09:05')
    expect(at(2026, 10, 19, 9, 5)).toBe('Thu 09:05')
    expect(at(2026, 2, 3, 9, 5)).toBe('3 Mar')
    expect(at(2024, 2, 3, 9, 5)).toBe('3 Mar 2024')
    expect(at(2026, 10, 22, 9, 5)).toBe('22 Nov')
  })

  test('tells how safe a mail is', () => {
    const on = (...servers: readonly number[]): string => safetyOf(servers.map(serverId))
    expect(on()).toBe('Its content is damaged at this server, and no other is known to have it.')
    expect(on(2)).toBe('Saved on server 2 only: not on any other machine yet.')
    expect(on(1, 2)).toBe('On servers 1, 2 of 5: survives the loss of any one machine.')
    expect(on(1, 2, 4)).toBe('On servers 1, 2, 4 of 5: survives the loss of any 2 machines.')
    expect(on(1, 2, 3, 4, 5)).toBe('On all 5 servers.')
  })
})

test('a change of the view is told as people say it', () => {
  expect(viewLine({ number: 3, servers: [serverId(2)] })).toBe('View 3: server 2 is reachable.')
  expect(viewLine({ number: 4, servers: [serverId(1), serverId(2)] })).toBe('View 4: servers 1, 2 are reachable.')
})
