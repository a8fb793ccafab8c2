import { describe, expect, it } from 'vitest'
import type { Board, BoardAlert } from '@/api/field'
import { incident } from '@/testing/builders'
import { fit, hashOf } from './picture'
import { keyBytes } from './push'
import { routeTo } from './route'
import { ownWork, withIncident } from './useBoard'

const alert = (change: Partial<BoardAlert> = {}): BoardAlert => ({
  code: 'K7Q2MX',
  rule: 'crash',
  name_vi: 'Tai nạn',
  name_en: 'Crash',
  severity: 'critical',
  area_code: '16681',
  camera_id: 'cam-1',
  opened_at: '2026-11-28T03:00:00Z',
  last_at: '2026-11-28T03:00:00Z',
  incidents: 1,
  status: 'open',
  step: 0,
  escalate_at: null,
  acknowledged_by: null,
  acknowledged_at: null,
  news: [incident()],
  ...change,
})
const board = (change: Partial<Board> = {}): Board => ({
  at: '2026-11-28T03:00:00Z',
  on_call_until: null,
  alerts: [alert()],
  mine: [incident(), incident({ incident_id: 'i-2' })],
  areas: { '16681': 'Phường Thành Vinh' },
  ...change,
})

describe('the board', () => {
  it('shows an incident as it is now wherever it stands', () => {
    const after = withIncident(board(), incident({ version: 2 }))
    expect(after.alerts[0]?.news[0]?.version).toBe(2)
    expect(after.mine.map((item) => item.version)).toEqual([2, 1])
  })
  it('repeats nothing below that an alert shows above', () => {
    expect(ownWork(board()).map((item) => item.incident_id)).toEqual(['i-2'])
    expect(ownWork(board({ alerts: [] }))).toHaveLength(2)
  })
})

describe('a photo', () => {
  it('shrinks to what a slow line carries and never grows', () => {
    expect(fit(4032, 3024)).toEqual([1920, 1440])
    expect(fit(3024, 4032)).toEqual([1440, 1920])
    expect(fit(640, 480)).toEqual([640, 480])
    expect(fit(10_000, 1)).toEqual([1920, 1])
  })
  it('has the hash that the centre computes', async () => {
    expect(await hashOf(new Blob(['abc']))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
  })
})

it('the way is asked of the phone’s own map', () => {
  expect(routeTo([18.67, 105.69], 'Android')).toBe('geo:18.67,105.69?q=18.67,105.69')
  expect(routeTo([18.67, 105.69], 'iPhone')).toBe('maps:?daddr=18.67,105.69&dirflg=d')
})

it('the centre’s key is read from base64url', () => {
  expect([...keyBytes('-_8A')]).toEqual([251, 255, 0])
})
