import { describe, expect, it } from 'vitest'
import { NO_AUDIT_FILTER, fromQuery, toQuery, toRequest } from './filter'

describe('the filter of the audit log', () => {
  it('means Vietnamese days, both included', () => {
    const day = { ...NO_AUDIT_FILTER, from: '2026-11-23', to: '2026-11-23' }
    expect(toRequest(day)).toMatchObject({
      from: '2026-11-22T17:00:00.000Z',
      to: '2026-11-23T17:00:00.000Z',
    })
  })
  it('sends what was typed without the blanks around it', () => {
    expect(toRequest({ ...NO_AUDIT_FILTER, actor: ' chien ' }).actor).toBe('chien')
  })
  it('survives the way through the address', () => {
    const filter = { ...NO_AUDIT_FILTER, actor: 'chien', from: '2026-11-01' }
    expect(fromQuery(toQuery(filter))).toEqual(filter)
    expect(toQuery(NO_AUDIT_FILTER)).toEqual({})
  })
  it('ignores nonsense in the address', () => {
    expect(fromQuery({ from: '1/2/2026', actor: ['a'], colour: 'red' })).toEqual(NO_AUDIT_FILTER)
  })
})
