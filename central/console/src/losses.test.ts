import { expect, it } from 'vitest'
import { lossesOf } from './losses'

it('every kind of loss is listed, also those that never happened', () => {
  const silent = lossesOf({}, 'vi')
  expect(silent.length).toBeGreaterThan(20)
  expect(silent.every((loss) => loss.count === 0 && loss.text)).toBe(true)
})

it('what happened comes first, in the reader’s language', () => {
  const [first, second] = lossesOf({ uploads_missing: 2, frames_processed: 9 }, 'en')
  expect(first).toMatchObject({ counter: 'uploads_missing', count: 2 })
  expect(first?.text).toMatch(/^Evidence files gone/)
  expect(second?.count).toBe(0)
})
