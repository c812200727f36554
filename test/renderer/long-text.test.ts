import { flushPromises, mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import MailBody from '../../renderer/mail/MailBody.vue'
import MailMarkdown from '../../renderer/mail/MailMarkdown.vue'
import { inPieces, pieceChars } from '../../renderer/mail/pieces.ts'
import { limits } from '../../replica/core/model/limits.ts'

describe('a mail as long as a mail can be', () => {
  const shownChars = (body: ReturnType<typeof mount>): number =>
    body.findAllComponents(MailMarkdown).reduce((sum, piece) => sum + (piece.props('source') as string).length, 0)

  it.each(['x', 'word ', 'a line\n'])('of %j is shown in part, and whole for whoever asks', async (repeated) => {
    const source = repeated.repeat(limits.bodyBytes / repeated.length)
    const body = mount(MailBody, { props: { body: source } })
    await flushPromises()
    expect(shownChars(body)).toBeLessThanOrEqual(pieceChars)
    expect(body.get('button').text()).toMatch(/^Show the rest of this long text \((?:983|98\d) kB\)$/u)
    // What a page has in one piece it lays out in one go.
    await body.get('button').trigger('click')
    expect(shownChars(body)).toBe(source.length)
    for (const piece of body.findAllComponents(MailMarkdown))
      expect((piece.props('source') as string).length).toBeLessThanOrEqual(pieceChars)
    expect(body.find('button').exists()).toBe(false)
    body.unmount()
  })

  it('is not cut when it is not that long', () => {
    const body = mount(MailBody, { props: { body: 'word '.repeat(10_000) } })
    expect(body.find('button').exists()).toBe(false)
  })
})

describe('pieces of a text', () => {
  it.each([
    ['with a paragraph', 'first\n\ntwo three', 9, ['first\n\n', 'two three']],
    ['with a line', 'one two\nthree', 9, ['one two\n', 'three']],
    ['with a word', 'one two three', 9, ['one two ', 'three']],
    ['where they must', 'abcdefgh', 3, ['abc', 'def', 'gh']],
    ['never within a character', '👩‍🚀'.repeat(3), 6, ['👩‍🚀', '👩‍🚀', '👩‍🚀']],
    ['with the text', '', 6, ['']],
  ])('end %s', (_, long, chars, pieces) => expect(inPieces(long, chars)).toEqual(pieces))
})
