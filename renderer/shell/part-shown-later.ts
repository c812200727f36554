import { type Component, defineComponent, h, ref, shallowRef } from 'vue'
import { loadPart } from '../base/load-part.ts'
import { text } from '../locales/i18n.ts'
import ShellPartMissing from './ShellPartMissing.vue'

/** Before that, what comes at once would flicker. */
const waitsMs = 300

/** A component that is loaded when it is first shown. Until then, and when it cannot be loaded, that is said in its place, which is never blank. */
export const partShownLater = (load: () => Promise<{ readonly default: Component }>): Component =>
  defineComponent({
    name: 'ShellPart',
    setup: () => {
      const part = shallowRef<Component | null>(null)
      const state = ref<'coming' | 'late' | 'missing'>('coming')

      const come = async (): Promise<void> => {
        state.value = 'coming'
        const late = setTimeout(() => (state.value = 'late'), waitsMs)
        try {
          part.value = (await loadPart(load)).default
        } catch {
          state.value = 'missing'
        } finally {
          clearTimeout(late)
        }
      }
      void come()

      return () => {
        if (part.value !== null) return h(part.value)
        if (state.value === 'missing') return h(ShellPartMissing, { onRetry: () => void come() })
        if (state.value === 'coming') return null
        return h(
          'p',
          { role: 'status', class: 'fade grid h-full place-content-center text-ink-faint' },
          text('shell.starting'),
        )
      }
    },
  })
