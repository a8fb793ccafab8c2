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

/** Show a theme until the returned function is called; the choice made on this device stays. */
export function holdTheme(next: Theme): () => void {
  const before = theme.value
  const show = (which: Theme) => {
    theme.value = which
    document.documentElement.dataset.theme = which
  }
  show(next)
  return () => show(before)
}

/** Seconds between two scenes of the wall as chosen on this device; null while nobody has. */
export const storedPace = (): number | null => Number(read('songlam.wall.pace')) || null
export const storePace = (seconds: number): void => write('songlam.wall.pace', String(seconds))
