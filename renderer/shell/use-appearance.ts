import { watchEffect } from 'vue'
import { languageOf, setLanguage } from '../locales/i18n.ts'
import { useApp } from '../stores/app.ts'

/** Puts theme, density and language of the settings onto the document. */
export const useAppearance = (): void => {
  const app = useApp()
  const root = document.documentElement
  watchEffect(() => {
    if (app.settings.theme === 'system') delete root.dataset['theme']
    else root.dataset['theme'] = app.settings.theme
    root.dataset['density'] = app.settings.density
  })
  watchEffect(() => {
    void setLanguage(languageOf(app.settings.language))
  })
}
