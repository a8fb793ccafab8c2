/** Where things lie on the chart of a series, in pixels. Pure. */
import type { TrendPoint } from '@/api/indicators'
import { extent, ticks } from './scale'

export interface Spot {
  index: number
  /** Middle of the period's band. */
  x: number
  /** Null where there is no value. */
  y: number | null
}

export interface Chart {
  left: number
  right: number
  top: number
  bottom: number
  /** Width of one period. */
  band: number
  /** Height of zero, or of the lowest tick where zero is not shown. */
  base: number
  spots: Spot[]
  lines: { y: number; value: number }[]
  /** Indices of the periods whose name fits below the axis. */
  named: number[]
}

const TOP = 12
const BELOW = 26
const RIGHT = 10
const LETTER_PX = 7
const NAME_PX = 62

/** Lay out a series in `width` × `height`. */
export function layOut(
  points: readonly TrendPoint[],
  size: { width: number; height: number },
  axis: { fromZero: boolean; finest: number; write: (value: number) => string },
): Chart {
  const range = extent(
    points.map((point) => point.value),
    axis.fromZero,
  ) ?? [0, 1]
  const steps = ticks(range[0], range[1], axis.finest)
  const [low, high] = [steps[0]!, steps.at(-1)!]
  const left = Math.max(...steps.map((step) => axis.write(step).length)) * LETTER_PX + 12
  const [right, bottom] = [size.width - RIGHT, size.height - BELOW]
  const band = (right - left) / Math.max(1, points.length)
  const height = (value: number) => bottom - ((value - low) / (high - low)) * (bottom - TOP)
  const every = Math.max(1, Math.ceil(NAME_PX / band))
  const last = points.length - 1
  return {
    left,
    right,
    top: TOP,
    bottom,
    band,
    base: height(Math.min(Math.max(0, low), high)),
    spots: points.map(({ value }, index) => ({
      index,
      x: left + (index + 0.5) * band,
      y: value === null ? null : height(value),
    })),
    lines: steps.map((value) => ({ value, y: height(value) })),
    // Counted from the newest, whose name must stand.
    named: points.map((_, index) => index).filter((index) => (last - index) % every === 0),
  }
}

/** The line through the values, broken at gaps; a value between two gaps is a dot of its own. */
export function linePath(spots: readonly Spot[]): string {
  let pen = ''
  let down = false
  for (const { x, y } of spots) {
    if (y !== null) pen += down ? `L${x} ${y}` : `M${x} ${y}h0.01`
    down = y !== null
  }
  return pen
}
