/**
 * Which names fit on the map. Pure.
 *
 * Names are HTML over the map: MapLibre's own text needs a glyph server, and a province's network
 * may have none.
 */

export interface Label {
  text: string
  /** Pixels from the map's left and top edge. */
  x: number
  y: number
  /** Larger goes first. */
  weight: number
}

const HEIGHT_PX = 18
const LETTER_PX = 6.6

/** A rectangle in pixels from the map's left and top edge. */
export interface Space {
  left: number
  right: number
  top: number
  bottom: number
}

function spaceOf(label: Label): Space {
  const half = (label.text.length * LETTER_PX) / 2 + 6
  return {
    left: label.x - half,
    right: label.x + half,
    top: label.y - HEIGHT_PX / 2,
    bottom: label.y + HEIGHT_PX / 2,
  }
}

const overlap = (a: Space, b: Space) =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom

/**
 * The labels to show in a view of `width` × `height` pixels: heaviest first, none over another or
 * over what is `occupied` already.
 */
export function fitting<T extends Label>(
  labels: readonly T[],
  width: number,
  height: number,
  occupied: readonly Space[] = [],
): T[] {
  const taken = [...occupied]
  const shown: T[] = []
  for (const label of [...labels].sort((a, b) => b.weight - a.weight)) {
    const space = spaceOf(label)
    const inside =
      space.left >= 0 && space.right <= width && space.top >= 0 && space.bottom <= height
    if (!inside || taken.some((other) => overlap(space, other))) continue
    taken.push(space)
    shown.push(label)
  }
  return shown
}
