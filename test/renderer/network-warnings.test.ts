import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, describe, expect, it } from 'vitest'
import { english } from '../../renderer/locales/messages.ts'
import { setLanguage } from '../../renderer/locales/i18n.ts'
import NetworkWarnings from '../../renderer/network/NetworkWarnings.vue'
import { useGroup } from '../../renderer/stores/group.ts'
import type { Warning } from '../../replica/client/contract/group.ts'
import { fakeNetwork } from './fake-group.ts'
import { fakeQuintet } from './setup.ts'

afterEach(() => setLanguage('en'))

const network = fakeNetwork(['here', 'connected', 'connected', 'connected', 'connected'])
const sentence = 'A sentence for a terminal.'
const warning = (code: string, words: Warning['words'] = {}): Warning => ({ code, sentence, words })

const shown = async (warnings: readonly Warning[] | null): Promise<string> => {
  fakeQuintet().add('client', { network: () => ({ ...network, warnings: [sentence], codedWarnings: warnings }) })
  await useGroup().refresh()
  const wrapper = mount(NetworkWarnings)
  await flushPromises()
  return wrapper.text()
}

describe('what is out of the ordinary at a server', () => {
  it('is said in the language of the window, with the names that people use', async () => {
    await setLanguage('de')
    const words = { server: 2, witness: 3, count: 4, seconds: -300 }
    expect(await shown([warning('clockOff', words)])).toContain('Die Uhr von Galley geht 5')
    expect(await shown([warning('leftOut', words)])).toContain('in dem 4 Nachrichten, Beiträge oder Entwürfe fehlten')
    for (const code of Object.keys(english.network.warning))
      expect(await shown([warning(code, words)])).not.toMatch(/terminal|\{|undefined/u)
  })

  it('is said as the server says it where this version has no words for it, or that one no codes', async () => {
    expect(await shown([warning('somethingNew')])).toContain(sentence)
    expect(await shown(null)).toContain(sentence)
  })
})
