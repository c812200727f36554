import { computed, type ComputedRef } from 'vue'
import { createI18n } from 'vue-i18n'
import { loadPart } from '../base/load-part.ts'
import { english, type MessageKey, type Messages } from './messages.ts'

export type Language = 'en' | 'de'

/** One for the window; templates and code use it through `text`. */
export const i18n = createI18n<[Messages], Language, false>({
  locale: 'en',
  fallbackLocale: 'en',
  messages: { en: english } as Record<Language, Messages>,
})

const texts = i18n.global

/** The settings' language, or the nearest to the machine's. */
export const languageOf = (chosen: 'system' | Language): Language => {
  if (chosen !== 'system') return chosen
  return navigator.language.toLowerCase().startsWith('de') ? 'de' : 'en'
}

/** Other languages than English are loaded when they are chosen. */
export const setLanguage = async (language: Language): Promise<void> => {
  if (language === 'de') {
    const { german } = await loadPart(() => import('./german.ts'))
    texts.setLocaleMessage('de', german)
  }
  texts.locale.value = language
  document.documentElement.lang = language
}

export const currentLanguage: ComputedRef<Language> = computed(() => texts.locale.value)

/** How dates, times and numbers are written: the machine's own kind of the window's language, where it has one. "3/4" is another day in en-GB. */
export const currentLocale: ComputedRef<string> = computed(() => {
  const language = currentLanguage.value
  return navigator.languages.find((one) => one.toLowerCase().split('-')[0] === language) ?? language
})

export type Words = Readonly<Record<string, string | number>>

/** The text of a key, in the window's language; reactive where it is used in a template or a computed value. */
export const text = (key: MessageKey, words: Words = {}): string => texts.t(key, words)

/** A text with forms for none, one and many (`a | b | c`), which may use `{count}`. */
export const textOf = (key: MessageKey, count: number, words: Words = {}): string =>
  texts.t(key, { count: formatNumber(count), ...words }, { plural: count })

export const formatNumber = (value: number): string => new Intl.NumberFormat(currentLocale.value).format(value)

const sizeUnits = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const

/** "8 bytes", "12 kB", "1.2 MB". */
export const formatSize = (bytes: number): string => {
  const thousands = bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3)
  const step = Math.min(thousands, sizeUnits.length - 1)
  return new Intl.NumberFormat(currentLocale.value, {
    style: 'unit',
    unit: sizeUnits[step] ?? 'byte',
    unitDisplay: step === 0 ? 'long' : 'short',
    maximumFractionDigits: step < 2 ? 0 : 1,
  }).format(bytes / 1_000 ** step)
}

/** "Anna, Ben and Chris". */
export const formatList = (items: readonly string[]): string =>
  new Intl.ListFormat(currentLocale.value, { style: 'long', type: 'conjunction' }).format(items)
