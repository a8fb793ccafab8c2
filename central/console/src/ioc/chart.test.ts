import { describe, expect, it } from 'vitest'
import { layOut, linePath } from './chart'

const point = (value: number | null) => ({ period_start: '', value, quality: null, example: false })
const SIZE = { width: 600, height: 220 }
const chart = (values: (number | null)[], fromZero = true) =>
  layOut(values.map(point), SIZE, { fromZero, finest: 1, write: String })

describe('the chart of a series', () => {
  it('puts the greater value higher and every period in its band', () => {
    const { spots, left, right } = chart([1, 5, 3])
    expect(spots[1]!.y!).toBeLessThan(spots[2]!.y!)
    expect(spots.every(({ x }) => x > left && x < right)).toBe(true)
  })
  it('stands sums on zero and lets shares begin where they are', () => {
    const sums = chart([90, 95])
    expect(sums.lines[0]!.value).toBe(0)
    expect(sums.base).toBe(sums.bottom)
    expect(chart([90, 95], false).lines[0]!.value).toBe(90)
  })
  it('has no step finer than what is counted', () => {
    expect(chart([0, 2]).lines.map(({ value }) => value)).toEqual([0, 1, 2])
  })
  it('leaves a period without value without height', () => {
    expect(chart([1, null, 3]).spots[1]!.y).toBeNull()
  })
  it('names the newest period, and no more than fit', () => {
    const { named } = chart(Array.from({ length: 30 }, (_, i) => i))
    expect(named).toContain(29)
    expect(named.length).toBeLessThan(10)
  })
  it('stands even without any value', () => {
    expect(chart([null, null]).lines.length).toBeGreaterThan(1)
    expect(chart([]).spots).toEqual([])
  })
})

describe('the line', () => {
  it('is broken where a value is missing', () => {
    const path = linePath(chart([1, 2, null, 3]).spots)
    expect(path.match(/M/g)).toHaveLength(2)
    expect(path.match(/L/g)).toHaveLength(1)
  })
})
