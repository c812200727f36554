import { computed, type WritableComputedRef } from 'vue'
import type { AppSettings } from '../../electron/contract/app-host.ts'
import { showFailure } from '../base/toasts.ts'
import { useApp } from '../stores/app.ts'

/** A setting as a model: set at once, taken back with a word when the host refuses. */
export const useSetting = <Name extends keyof AppSettings>(name: Name): WritableComputedRef<AppSettings[Name]> => {
  const app = useApp()
  return computed({
    get: () => app.settings[name],
    set: (value) => {
      app.changeSettings({ [name]: value }).catch((error: unknown) => showFailure('settings.failed', error))
    },
  })
}

type SwitchName = 'notifications' | 'startAtLogin'

/** As `useSetting`, for those that are on or off. */
export const useSwitch = (name: SwitchName): WritableComputedRef<boolean> => {
  const setting = useSetting(name)
  return computed({
    get: () => setting.value === 'on',
    set: (isOn) => {
      setting.value = isOn ? 'on' : 'off'
    },
  })
}
