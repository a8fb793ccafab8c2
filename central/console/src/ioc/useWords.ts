/** Where a value comes from and how good it is, in the reader's language. */
import type { IndicatorItem, Origin, Quality } from '@/api/indicators'
import { useText } from '@/i18n'

export function useWords() {
  const { t } = useText()

  /** Who gave the newest value: our cameras, the example generator, or the feed's code. */
  function sourceOf(item: Pick<IndicatorItem, 'origin' | 'latest'>): string {
    if (item.origin === 'computed') return t('ioc.ownSource')
    if (item.latest?.example) return t('ioc.exampleSource')
    return item.latest?.source ?? ''
  }

  /**
   * The quality flag. Example data is never called official, whatever its flag says, and neither
   * is what our cameras saw: of that only whether it was seen whole.
   */
  function qualityOf(
    value: { quality: Quality | null; example?: boolean },
    origin: Origin = 'feed',
  ): string {
    if (value.example) return t('ioc.mark.example')
    if (origin === 'computed' && value.quality) {
      return t(value.quality === 'ok' ? 'ioc.seen.whole' : 'ioc.seen.part')
    }
    return value.quality ? t(`ioc.quality.${value.quality}`) : '–'
  }
  return { sourceOf, qualityOf }
}
