/** Words for what the audit log records; what is not known stands as it was recorded. */
import { useText } from '@/i18n'

/** Return the function that names an action or a kind of object. */
export function useWords() {
  const { t, te } = useText()
  return (group: 'action' | 'kind', value: string): string => {
    const key = `audit.${group}.${value}`
    return te(key) ? t(key) : value
  }
}
