import { describe, expect, it } from 'vitest'
import type { Mail } from '../../replica/client/contract/mailbox.ts'
import { answerTo, hasMoreRecipients, topicOf } from '../../renderer/mail/answers.ts'
import { accountId } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { pieceChars } from '../../renderer/mail/pieces.ts'
import { splitQuoted } from '../../renderer/mail/quoted.ts'
import { FakeMailbox } from './fake-mailbox.ts'

const mail: Mail = {
  ...new FakeMailbox(0, () => undefined).header(1, 0),
  from: 'Anna',
  to: ['Ingrid', 'Ben'],
  cc: ['Zoë', 'Anna'],
  subject: 'Drill',
  own: false,
  body: 'Thursday?\n\n> or Friday\n',
  attachments: [],
  inReplyTo: null,
  fromAccount: accountId('anna'),
}

describe('answering', () => {
  it('goes to the sender, quotes, and names the mail that it answers', () => {
    const reply = answerTo(mail, 'reply', 'Ingrid')
    expect(reply).toMatchObject({ to: ['Anna'], cc: [], subject: 'Re: Drill', inReplyTo: mail.mail })
    expect(reply.body).toContain('> Thursday?\n>\n>> or Friday')
    expect(reply.body.startsWith('\n\n')).toBe(true)
  })
  it('to all leaves oneself out and names nobody twice', () => {
    expect(answerTo(mail, 'replyAll', 'Ingrid')).toMatchObject({ to: ['Anna', 'Ben'], cc: ['Zoë'] })
  })
  it('to all copies nobody who is answered anyway, and a letter to oneself stays one', () => {
    expect(answerTo({ ...mail, cc: ['Anna', 'Ingrid'] }, 'replyAll', 'Ingrid')).toMatchObject({
      to: ['Anna', 'Ben'],
      cc: [],
    })
    const own = { ...mail, own: true, from: 'Ingrid', to: ['Ingrid'], cc: [] }
    expect(answerTo(own, 'replyAll', 'Ingrid')).toMatchObject({ to: ['Ingrid'], cc: [] })
  })
  it.each([
    [['Ingrid'], [], false],
    [['Ingrid', 'Ben'], [], true],
    [['Ingrid'], ['Ben'], true],
    [['Ingrid'], ['Anna'], false],
  ])('to all is something else than to one where somebody else has it: %o, %o', (to, cc, hasMore) => {
    expect(hasMoreRecipients({ ...mail, to, cc }, 'Ingrid')).toBe(hasMore)
  })
  it('of an own mail goes to its recipients', () => {
    expect(answerTo({ ...mail, own: true, from: 'Ingrid', to: ['Ben'] }, 'reply', 'Ingrid').to).toEqual(['Ben'])
  })
  it('does not heap up prefixes', () => {
    expect(answerTo({ ...mail, subject: 'RE: Drill' }, 'reply', 'Ingrid').subject).toBe('RE: Drill')
  })
  it('goes to nobody whose account is deleted, and names them so', () => {
    const deleted = { ...mail, from: '', to: ['Ingrid', ''] }
    expect(answerTo(deleted, 'reply', 'Ingrid').to).toEqual([])
    expect(answerTo({ ...mail, from: 'anna~deleted' }, 'reply', 'Ingrid').to).toEqual([])
    expect(answerTo(deleted, 'replyAll', 'Ingrid')).toMatchObject({ to: [], cc: ['Zoë', 'Anna'] })
    expect(answerTo(deleted, 'reply', 'Ingrid').body).toContain('(deleted account) wrote:')
    expect(answerTo(deleted, 'forward', 'Ingrid').body).toContain('To: Ingrid, (deleted account), Zoë, and Anna')
  })
  it('forwards the whole text to nobody yet, in a conversation of its own', () => {
    const forward = answerTo(mail, 'forward', 'Ingrid')
    expect(forward).toMatchObject({ to: [], subject: 'Fwd: Drill' })
    expect(forward.body).toContain('Thursday?')
    expect(forward.inReplyTo).toBeUndefined()
  })
  it('by forwarding leaves room for the files, and nothing out where all of it fits', () => {
    const attachments = [{ name: 'chart.png', size: 1_000_000 }]
    const short = answerTo({ ...mail, attachments }, 'forward', 'Ingrid')
    expect(short.body).toContain('or Friday')
    const long = answerTo({ ...mail, attachments, body: 'ä'.repeat(24_000) }, 'forward', 'Ingrid')
    expect(long.body).toMatch(/the rest of this mail was too long to be quoted\]$/)
    expect(new TextEncoder().encode(long.body).length + 1_000_512).toBeLessThanOrEqual(limits.bodyBytes)
  })
  it.each(['reply', 'replyAll', 'forward'] as const)('is possible whatever is answered: %s', (kind) => {
    const longest = {
      ...mail,
      subject: '👩‍👩‍👧'.repeat(limits.subjectChars / 5),
      body: `A grapheme of eight bytes, on a line by itself:\n${'🇩🇪\n'.repeat(116_000)}`,
    }
    const { subject, body } = answerTo(longest, kind, 'Ingrid')
    const written = `${'Own words. '.repeat(5_000)}${body}`
    expect(new TextEncoder().encode(written).length).toBeLessThanOrEqual(limits.bodyBytes)
    expect(subject).toMatch(/^(?:Re|Fwd): (?:👩‍👩‍👧)+…$/u)
    expect(Array.from(subject).length).toBeLessThanOrEqual(limits.subjectChars)
    expect(Array.from(subject).length).toBeGreaterThan(limits.subjectChars - 6)
    const [last, mark] = body.split('\n').slice(-2)
    expect(mark?.replace('> ', '')).toBe('[… the rest of this mail was too long to be quoted]')
    expect(['> 🇩🇪', '>', '🇩🇪']).toContain(last)
    if (kind === 'forward') return
    // A field with much more would take seconds for each key.
    expect(body.length).toBeLessThanOrEqual(pieceChars + 100)
    expect(splitQuoted(`Own words.${body}`).own).toBe('Own words.')
  })
  it('leaves what fits as it is', () => {
    const { subject, body } = answerTo(
      { ...mail, subject: 'é'.repeat(996), body: 'é'.repeat(30_000) },
      'reply',
      'Ingrid',
    )
    expect(subject).toBe(`Re: ${'é'.repeat(996)}`)
    expect(body.endsWith(`> ${'é'.repeat(30_000)}`)).toBe(true)
  })
  it('tells what a conversation is about without the marks of answers, whatever the language', () => {
    expect(topicOf('Re: AW: Drill')).toBe('Drill')
    expect(topicOf('FWD: re:  Drill: Thursday')).toBe('Drill: Thursday')
    expect(topicOf('Regarding: Drill')).toBe('Regarding: Drill')
    expect(topicOf(' Re: ')).toBe('')
  })
  it('offers to answer all only when that reaches more', () => {
    expect(hasMoreRecipients(mail, 'Ingrid')).toBe(true)
    expect(hasMoreRecipients({ ...mail, to: ['Ingrid'], cc: [] }, 'Ingrid')).toBe(false)
  })
})
