import { StandInEmitter } from './not-emulated.ts'

/** Light or dark, as the app wants it. What the system wants is known to Chromium alone. */
export class NativeTheme extends StandInEmitter {
  #source: 'system' | 'light' | 'dark' = 'system'

  get themeSource(): 'system' | 'light' | 'dark' {
    return this.#source
  }

  set themeSource(source: 'system' | 'light' | 'dark') {
    this.#source = source
    this.emit('updated')
  }

  get shouldUseDarkColors(): boolean {
    return this.#source === 'dark'
  }

  /** Of the stand-in: what pages are to be told; null leaves it to Chromium. */
  get emulated(): 'light' | 'dark' | null {
    return this.#source === 'system' ? null : this.#source
  }
}
