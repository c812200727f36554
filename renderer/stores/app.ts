import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { AppInfo, AppPhase, AppSettings } from '../../electron/contract/app-host.ts'
import { host, onAppEvent } from '../bridge.ts'

/** Until the host has told. */
const firstSettings: AppSettings = {
  theme: 'system',
  language: 'system',
  notifications: 'on',
  startAtLogin: 'off',
  undoSendSeconds: 10,
  trayHintShown: 'yes',
  density: 'comfortable',
  listWidth: null,
  staySignedIn: 'asMachine',
}

/** What the host says of the program, the phase that it is in, and the person's settings. */
export const useApp = defineStore('app', () => {
  const info = shallowRef<AppInfo | null>(null)
  /** As told since the page began; before that `info` says it. */
  const secretStore = ref<AppInfo['secretStore'] | null>(null)
  const phase = shallowRef<AppPhase>({ phase: 'starting', step: 'opening' })
  const settings = shallowRef(firstSettings)
  /** Whether a mailbox was open since this page began. */
  const wasOpen = ref(false)
  const demo = ref<AppInfo['demo']>('off')

  const become = (now: AppPhase): void => {
    phase.value = now
    if ('account' in now) wasOpen.value = true
  }

  onAppEvent((event) => {
    switch (event.event) {
      case 'phase':
        become(event.phase)
        break
      case 'settings':
        settings.value = event.settings
        break
      case 'demo':
        demo.value = event.demo
        break
      case 'secretStore':
        secretStore.value = event.secretStore
        break
      case 'inviteOpened':
      case 'quitting':
      case 'command':
        break
    }
  })

  const load = async (): Promise<void> => {
    const [loadedInfo, loadedSettings, loadedPhase] = await Promise.all([host.info(), host.settings(), host.phase()])
    info.value = loadedInfo
    demo.value = loadedInfo.demo
    settings.value = loadedSettings
    become(loadedPhase)
  }

  /** Shown at once; taken back, with the error passed on, when the host refuses. */
  const changeSettings = async (changed: Partial<AppSettings>): Promise<void> => {
    const former = settings.value
    settings.value = { ...former, ...changed }
    try {
      settings.value = await host.changeSettings({ settings: changed })
    } catch (error) {
      settings.value = former
      throw error
    }
  }

  return {
    info: computed(() => info.value),
    secretStore: computed(() => secretStore.value ?? info.value?.secretStore ?? 'plain'),
    phase: computed(() => phase.value),
    wasOpen: computed(() => wasOpen.value),
    settings: computed(() => settings.value),
    demo: computed(() => demo.value),
    load,
    changeSettings,
  }
})
