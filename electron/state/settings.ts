import path from 'node:path'
import * as v from 'valibot'
import type { AppSettings, FirstRunDraft } from '../contract/app-host.ts'
import { firstRunShape, settingsShape } from '../ipc/host-requests.ts'
import { DesktopFile } from './desktop-file.ts'

export const defaultSettings: AppSettings = {
  theme: 'system',
  language: 'system',
  notifications: 'on',
  startAtLogin: 'off',
  undoSendSeconds: 5,
  trayHintShown: 'no',
  density: 'comfortable',
  listWidth: null,
  staySignedIn: 'asMachine',
}

type SettingsListener = (settings: AppSettings, former: AppSettings) => void

/** What the person set, and how far the first run was. */
export class Settings {
  readonly #file: DesktopFile<AppSettings>
  readonly #firstRunFile: DesktopFile<FirstRunDraft | null>
  readonly #listeners: SettingsListener[] = []
  #current: AppSettings = defaultSettings
  #firstRun: FirstRunDraft | null = null

  private constructor(folder: string) {
    this.#file = new DesktopFile(path.join(folder, 'settings.json'), settingsShape, defaultSettings)
    this.#firstRunFile = new DesktopFile(path.join(folder, 'first-run.json'), v.nullable(firstRunShape), null)
  }

  static async load(folder: string): Promise<Settings> {
    const settings = new Settings(folder)
    settings.#current = await settings.#file.load()
    settings.#firstRun = await settings.#firstRunFile.load()
    return settings
  }

  get current(): AppSettings {
    return this.#current
  }

  /** What is told is in the file, if that can be written at all: whoever asks may rely on it after a crash. */
  async firstRun(): Promise<FirstRunDraft | null> {
    for (;;) {
      const told = this.#firstRun
      await this.#firstRunFile.settled()
      // What has been kept meanwhile is not in the file yet.
      if (told === this.#firstRun) return told
    }
  }

  async change(changes: Partial<AppSettings>): Promise<AppSettings> {
    const former = this.#current
    this.#current = { ...former, ...changes }
    for (const listener of this.#listeners) listener(this.#current, former)
    await this.#file.save(this.#current)
    return this.#current
  }

  async keepFirstRun(draft: FirstRunDraft | null): Promise<void> {
    this.#firstRun = draft
    await this.#firstRunFile.save(draft)
  }

  onChange(listener: SettingsListener): void {
    this.#listeners.push(listener)
  }

  async settled(): Promise<void> {
    await this.#file.settled()
    await this.#firstRunFile.settled()
  }
}
