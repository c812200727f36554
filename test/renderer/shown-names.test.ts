import { mount } from '@vue/test-utils'
import { TooltipProvider } from 'reka-ui'
import { afterEach, expect, it } from 'vitest'
import { h } from 'vue'
import MailRow from '../../renderer/mail/MailRow.vue'
import { outboxWords } from '../../renderer/mail/outbox-words.ts'
import { setLanguage, text } from '../../renderer/locales/i18n.ts'
import { shownNames } from '../../renderer/people/person-words.ts'
import TimelinePost from '../../renderer/timeline/TimelinePost.vue'
import { mailId } from './fake-mailbox.ts'
import { fakeQuintet } from './setup.ts'

afterEach(() => setLanguage('en'))

const row = (changed: object): string => {
  const header = { ...fakeQuintet().mailbox.header(1, 0), ...changed }
  const shown = {
    rowId: 'row',
    header,
    nowMs: Date.now(),
    density: 'comfortable' as const,
    selected: false,
    open: false,
    cursor: false,
  }
  const wrapper = mount(() => h(TooltipProvider, () => h(MailRow, shown)))
  return wrapper.text()
}

it('an account that is deleted is called so wherever it had a name', async () => {
  expect(row({ from: '' })).toContain('(deleted account)')
  expect(row({ own: true, to: ['Ben', ''], cc: [] })).toContain('To Ben and (deleted account)')
  expect(row({ from: 'ben~deleted' })).toContain('ben (deleted account)')
  const post = { post: mailId(1), author: '', text: 'Fog.', postedAt: Date.now() }
  const wrapper = mount(() => h(TooltipProvider, () => h(TimelinePost, { post, nowMs: Date.now() })))
  expect(wrapper.get('button').text()).toBe('(deleted account)')
  expect(wrapper.get('button').attributes('disabled')).toBeDefined()
  await setLanguage('de')
  expect(row({ from: '' })).toContain('(gelöschtes Konto)')
})

it('names from right to left stand in the order in which they were written', () => {
  expect(shownNames(['لیلا', 'مریم', 'Ben'])).toBe('\u2068لیلا\u2069, \u2068مریم\u2069, and Ben')
  expect(row({ own: true, to: ['שרה', 'Ben'], cc: [] })).toContain('To \u2068שרה\u2069 and Ben')
})

it('nobody who is called as all are called in the language of the window is taken for them', async () => {
  await setLanguage('de')
  const shown = [['everyone'], ['alle'], ['Alle'], ['allerhand'], ['ＡＬＬＥ', 'Everyone']].map(shownNames)
  expect(shown).toEqual([
    'alle',
    'alle (eine Person)',
    'Alle (eine Person)',
    'allerhand',
    'ＡＬＬＥ (eine Person) und alle',
  ])
  expect(row({ own: true, to: ['alle'], cc: [] })).toContain('An alle (eine Person)')
  await setLanguage('en')
  expect(shownNames(['alle', 'everyone'])).toBe('alle and everyone')
})

it('why a mail has not left is told in the language of the window', async () => {
  await setLanguage('de')
  const failed = { kind: 'failed', message: 'The server is gone.' } as const
  expect(outboxWords({ ...failed, code: 'UNREACHABLE' }, 0)).toContain(text('errors.UNREACHABLE'))
  expect(outboxWords({ ...failed, code: 'OF_LATER_VERSIONS' }, 0)).toContain('The server is gone.')
  expect(outboxWords({ ...failed, code: 'BUSY', message: 'It is about to leave.' }, 0)).toBe('Geht gleich ab.')
  expect(outboxWords({ kind: 'unknownNames', names: ['everyone', 'Zoë'] }, 0)).toContain('alle und Zoë')
  const until = new Date(2026, 1, 3, 14, 5).getTime()
  expect(outboxWords({ kind: 'inDoubt', servers: [], until }, until - 60_000)).toContain('oder um 14:05.')
  const nobody = { kind: 'unknownNames', names: ['Bne'], nobody: true } as const
  expect(outboxWords(nobody, 0)).toContain('Niemand in der Gruppe heißt Bne.')
})
