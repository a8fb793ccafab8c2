import { expect, it } from 'vitest'
import { fitting } from './labels'

const label = (text: string, x: number, y: number, weight: number) => ({ text, x, y, weight })

it('the heavier of two names that would lie over each other stays', () => {
  const shown = fitting([label('Nhỏ', 100, 100, 1), label('Lớn', 105, 104, 9)], 400, 300)
  expect(shown.map((entry) => entry.text)).toEqual(['Lớn'])
})

it('names apart from each other all show', () => {
  const shown = fitting([label('Vinh', 50, 50, 1), label('Cửa Lò', 200, 200, 2)], 400, 300)
  expect(shown).toHaveLength(2)
})

it('a name that would be cut off at the edge does not show', () => {
  expect(fitting([label('Quỳnh Lưu', 5, 50, 1)], 400, 300)).toEqual([])
  expect(fitting([label('Quỳnh Lưu', 200, 298, 1)], 400, 300)).toEqual([])
})

it('a name keeps away from what stands there already', () => {
  const sign = { left: 90, right: 110, top: 90, bottom: 110 }
  const names = [label('Vinh', 100, 100, 9), label('Cửa Lò', 300, 100, 1)]
  expect(fitting(names, 400, 300, [sign]).map((entry) => entry.text)).toEqual(['Cửa Lò'])
})
