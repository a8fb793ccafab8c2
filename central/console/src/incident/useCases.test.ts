import { describe, expect, it } from 'vitest'
import { incident } from '@/testing/builders'
import { byUrgency, stagesFor } from './useCases'

describe('the review desk', () => {
  it('shows each role what waits for it', () => {
    expect(stagesFor('officer')).toContain('detected')
    expect(stagesFor('officer')).not.toContain('verified')
    expect(stagesFor('commander')).toEqual(['verified', 'approved'])
    expect(stagesFor('auditor')).toContain('verified')
  })
  it('puts the nearest deadline first, then what happened first', () => {
    const cases = [
      incident({ incident_id: 'late', occurred_at: '2026-11-23T05:00:00Z' }),
      incident({ incident_id: 'early', occurred_at: '2026-11-23T04:00:00Z' }),
      incident({ incident_id: 'due', due_at: '2026-12-01T00:00:00Z' }),
    ]
    expect(cases.sort(byUrgency).map((each) => each.incident_id)).toEqual(['due', 'early', 'late'])
  })
})
