/** Live events for the lifetime of one component. */
import { onBeforeUnmount } from 'vue'
import { type LiveEvent, subscribe } from './live'

/** Subscribe now, unsubscribe when the component goes. */
export function useLive<T>(kind: LiveEvent, listener: (data: T) => void): void {
  onBeforeUnmount(subscribe<T>(kind, listener))
}
