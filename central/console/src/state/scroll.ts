/**
 * Where the reader was on a page: the content scrolls inside the shell, which the router's own
 * memory does not know.
 *
 * A new page begins at the top; going back returns to where one was, as soon as the page is long
 * enough again. A change of the query alone moves nothing. At most {@link MOST} places are kept.
 */
import type { RouteLocationNormalized } from 'vue-router'

const MOST = 50
/** How long a page may take to grow to where one was, in seconds. */
const PATIENCE_S = 3
const places = new Map<string, number>()

const content = () => document.getElementById('content')

/** Note where the reader is on the page that is left. */
export function leavePage(from: RouteLocationNormalized): void {
  places.delete(from.fullPath)
  places.set(from.fullPath, content()?.scrollTop ?? 0)
  for (const oldest of places.keys()) {
    if (places.size <= MOST) break
    places.delete(oldest)
  }
}

/** Put the reader where a page was left, or at its top. */
export function enterPage(
  to: RouteLocationNormalized,
  from: RouteLocationNormalized,
  back: boolean,
) {
  if (back) settle(places.get(to.fullPath) ?? 0, to.fullPath)
  else if (to.path !== from.path) content()?.scrollTo({ top: 0 })
}

function settle(top: number, fullPath: string): void {
  const until = Date.now() + PATIENCE_S * 1000
  const step = () => {
    const element = content()
    if (!element || location.pathname + location.search !== fullPath) return
    element.scrollTop = top
    // A page still loading is too short: the browser then stops short of the place.
    if (element.scrollTop < top - 1 && Date.now() < until) requestAnimationFrame(step)
  }
  step()
}
