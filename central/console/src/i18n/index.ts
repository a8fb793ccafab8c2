/**
 * Both languages, Vietnamese first. One file per area and language; `en` has exactly the keys of
 * `vi` (the type says so, and a test).
 */
import type { Ref } from 'vue'
import { createI18n, useI18n } from 'vue-i18n'
import { type Locale, storeLocale, storedLocale } from '@/state/preferences'
import en from './en'
import vi from './vi'

type Shape<T> = { [K in keyof T]: T[K] extends string ? string : Shape<T[K]> }
export type Messages = Shape<typeof vi>
const english: Messages = en

export const i18n = createI18n({
  legacy: false,
  locale: storedLocale(),
  fallbackLocale: 'vi',
  messages: { vi, en: english },
})

/** `t` and the present locale, typed; for use in `setup`. */
export function useText() {
  const { t, te, locale } = useI18n()
  return { t, te, locale: locale as Ref<Locale> }
}

/** Switch the language of the whole console and remember it on this device. */
export function setLocale(locale: Locale): void {
  i18n.global.locale.value = locale
  storeLocale(locale)
}
