import { describe, expect, it } from 'vitest'
import { indicator, value } from '@/testing/figures'
import { withSetup } from '@/testing/mount'
import { useWords } from './useWords'

const { sourceOf, qualityOf } = withSetup(useWords).result

describe('example data', () => {
  it('is never called official', () => {
    expect(qualityOf({ quality: 'ok', example: true })).toBe('Dữ liệu ví dụ')
    expect(qualityOf({ quality: 'ok' })).toBe('Chính thức')
    expect(qualityOf({ quality: null })).toBe('–')
  })
  it('names no department as its source', () => {
    expect(sourceOf(indicator({ latest: value({ example: true }) }))).toBe('Bộ tạo dữ liệu ví dụ')
  })
})

describe('what our cameras saw', () => {
  it('is whole or not, and never official', () => {
    expect(qualityOf({ quality: 'ok' }, 'computed')).toBe('Quan sát đủ')
    expect(qualityOf({ quality: 'estimated' }, 'computed')).toBe('Quan sát chưa đủ')
    expect(qualityOf({ quality: null }, 'computed')).toBe('–')
  })
})

describe('the source of a figure', () => {
  it('is our cameras for what is counted here, else the feed', () => {
    expect(sourceOf(indicator({ origin: 'computed' }))).toBe('Camera của hệ thống')
    expect(sourceOf(indicator())).toBe('y-te')
    expect(sourceOf(indicator({ latest: null }))).toBe('')
  })
})
