/** The way to a place, by the phone's own map: no address leaves the centre unless somebody taps. */
import type { LatLon } from '@/api/incidents'

/** iPhones and iPads know `maps:`; everything else asks with `geo:` which map to open. */
export function routeTo([lat, lon]: LatLon, agent: string): string {
  const place = `${lat},${lon}`
  return /iPhone|iPad|Macintosh/.test(agent)
    ? `maps:?daddr=${place}&dirflg=d`
    : `geo:${place}?q=${place}`
}
