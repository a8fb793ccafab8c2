/** Language and theme: kept on this device, not with the account. */
import { ref } from 'vue'

export type Theme = 'light' | 'dark'
export type Locale = 'vi' | 'en'

function read(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch {
    // Storage forbidden: the choice lasts as long as the page.
  }
}

/** The language chosen on this device; Vietnamese until somebody chooses otherwise. */
export const storedLocale = (): Locale => (read('songlam.locale') === 'en' ? 'en' : 'vi')
export function storeLocale(locale: Locale): void {
  write('songlam.locale', locale)
  document.documentElement.lang = locale
}

export const theme = ref<Theme>(
  document.documentElement.dataset.theme === 'dark' ? 'dark' : 'light',
)
export function setTheme(next: Theme): void {
  theme.value = next
  document.documentElement.dataset.theme = next
  write('songlam.theme', next)
}
