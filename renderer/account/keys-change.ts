import { computed, type ComputedRef, shallowRef } from 'vue'
import type { KeysChange } from '../../replica/client/contract/people.ts'
import { client } from '../bridge.ts'
import { text } from '../locales/i18n.ts'
import { fullDate } from '../mail/dates.ts'

/** When and where a password or a recovery phrase was changed last. */
export const changeWords = ({ server, at }: KeysChange): string =>
  text('account.keysChange', { server, date: fullDate(at) })

/** What explains a password, or a phrase, that does not work any more: `hint` is empty where nothing does. */
export const useKeysChange = (): {
  readonly hint: ComputedRef<string>
  readonly look: (name: string) => Promise<void>
  readonly forget: () => void
} => {
  const change = shallowRef<KeysChange | null>(null)
  return {
    hint: computed(() => (change.value === null ? '' : changeWords(change.value))),
    look: async (name) => {
      change.value = await client.keysChange({ name }).then(
        (found) => found.change,
        () => null,
      )
    },
    forget: () => {
      change.value = null
    },
  }
}
