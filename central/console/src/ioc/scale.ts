/** From values to places on a chart and classes on a map. Pure. */

/**
 * Round steps from at or below `low` to at or above `high`: 0, 20, 40 … about `count` of them, none
 * finer than `finest`: half an incident is no step.
 */
export function ticks(low: number, high: number, finest = 0, count = 4): number[] {
  const span = high - low || Math.abs(high) || 1
  const rough = Math.max(span / count, finest)
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough * 0.999) ?? power * 10
  const first = Math.floor(low / step + 1e-9)
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9))
  // Multiplied, not added up: 0.1 + 0.2 must not show.
  return Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  )
}

/**
 * The lowest and highest value an axis must hold; sums stand on zero, so that a bar's length is
 * its value. Null when there is no value at all.
 */
export function extent(
  values: readonly (number | null)[],
  fromZero: boolean,
): [number, number] | null {
  const known = values.filter((value): value is number => value !== null)
  if (!known.length) return null
  const low = Math.min(...known, ...(fromZero ? [0] : []))
  const high = Math.max(...known, ...(fromZero ? [0] : []))
  if (low !== high) return [low, high]
  return fromZero ? [Math.min(low, 0), Math.max(high, 1)] : [low - 1, high + 1]
}

export interface ColourClass {
  /** Both included. */
  from: number
  to: number
}

/**
 * Up to `count` classes with about as many values in each: a few large towns must not push all
 * others into one colour. Equal values never fall into two classes.
 */
export function colourClasses(values: readonly (number | null)[], count = 5): ColourClass[] {
  const sorted = values.filter((value): value is number => value !== null).sort((a, b) => a - b)
  const distinct = [...new Set(sorted)]
  if (distinct.length <= count) return distinct.map((value) => ({ from: value, to: value }))
  const classes: ColourClass[] = []
  let start = 0
  for (let i = 1; i <= count && start < sorted.length; i += 1) {
    let end = Math.max(start, Math.ceil((i * sorted.length) / count) - 1)
    while (end + 1 < sorted.length && sorted[end + 1] === sorted[end]) end += 1
    classes.push({ from: sorted[start]!, to: sorted[end]! })
    start = end + 1
  }
  return classes
}

/** Which class a value falls into; -1 for none. */
export function classOf(classes: readonly ColourClass[], value: number | null): number {
  return value === null ? -1 : classes.findIndex(({ from, to }) => value >= from && value <= to)
}
