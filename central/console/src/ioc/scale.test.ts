import { describe, expect, it } from 'vitest'
import { classOf, colourClasses, extent, ticks } from './scale'

describe('the steps of an axis', () => {
  it.each([
    [0, 87, [0, 50, 100]],
    [0, 4, [0, 1, 2, 3, 4]],
    [0, 0.35, [0, 0.1, 0.2, 0.3, 0.4]],
    [-3, 5, [-4, -2, 0, 2, 4, 6]],
    [1200, 1800, [1200, 1400, 1600, 1800]],
  ])('from %d to %d are round and hold both ends', (low, high, expected) => {
    expect(ticks(low, high)).toEqual(expected)
  })
  it('are at least two when everything is equal', () => {
    expect(ticks(5, 5).length).toBeGreaterThan(1)
  })
})

describe('what an axis must hold', () => {
  it('stands on zero for sums only', () => {
    expect(extent([50, 60, null], true)).toEqual([0, 60])
    expect(extent([50, 60, null], false)).toEqual([50, 60])
  })
  it('is nothing where there is no value: a missing value is no zero', () => {
    expect(extent([null, null], true)).toBeNull()
  })
  it('has a height even when all values are equal', () => {
    expect(extent([0, 0], true)).toEqual([0, 1])
    expect(extent([7], false)).toEqual([6, 8])
  })
})

describe('the classes of a map', () => {
  it('hold about as many communes each', () => {
    const classes = colourClasses([1, 2, 3, 4, 5, 6, 7, 8, 9, 1000])
    expect(classes).toHaveLength(5)
    expect(classes[0]).toEqual({ from: 1, to: 2 })
    expect(classes[4]).toEqual({ from: 9, to: 1000 })
  })
  it('never part equal values', () => {
    const classes = colourClasses([0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6])
    for (let i = 1; i < classes.length; i += 1) {
      expect(classes[i]!.from).toBeGreaterThan(classes[i - 1]!.to)
    }
  })
  it('are one per value where there are few', () => {
    expect(colourClasses([3, 3, null, 1])).toEqual([
      { from: 1, to: 1 },
      { from: 3, to: 3 },
    ])
  })
  it('hold every value, and no missing one', () => {
    const values = [5, 1, 9, 2, 2, 7, 4, 8, 0]
    const classes = colourClasses(values)
    expect(values.map((value) => classOf(classes, value)).every((at) => at >= 0)).toBe(true)
    expect(classOf(classes, null)).toBe(-1)
  })
})
