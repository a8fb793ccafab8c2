import { describe, expect, it } from 'vitest'
import { componentAt, indicatorAt, spotOf } from './address'

const PERIOD = '2026-11-22T17:00:00Z'

describe('the address of a figure', () => {
  it('names component and indicator as parts of the path', () => {
    expect(indicatorAt('traffic.violations', { area: '16690', period: PERIOD }, true)).toEqual({
      path: '/ioc/traffic/violations/records',
      query: { area: '16690', period: PERIOD },
    })
    expect(componentAt('health')).toEqual({ path: '/ioc/health', query: {} })
  })
  it('leaves out the province and what is empty', () => {
    expect(indicatorAt('health.inpatients', { area: '40', period: '', from: '' })).toEqual({
      path: '/ioc/health/inpatients',
      query: {},
    })
  })
  it('is read back as it was written', () => {
    const spot = { area: '16690', period: PERIOD, from: '2026-11-01', to: '2026-11-23' }
    expect(spotOf(spot)).toEqual(spot)
  })
  it('that nobody wrote means the province and the newest period', () => {
    const spot = { area: '40', period: '', from: '', to: '' }
    expect(spotOf({})).toEqual(spot)
    expect(spotOf({ area: '<b>', period: 'soon', from: '1/2/26', to: ['x'] })).toEqual(spot)
  })
})
