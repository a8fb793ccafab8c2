import { describe, expect, it } from 'vitest'
import { incident } from '@/testing/builders'
import { needsNote, stepsFor, trackOf } from './lifeCycle'

describe('the steps on offer', () => {
  it('are the verifying officer’s while a violation is not verified', () => {
    const item = incident({ stage: 'in_verification', status: 'acknowledged' })
    expect(stepsFor(item, 'officer')).toEqual(['confirm', 'need_more', 'reject'])
    expect(stepsFor(item, 'operator')).toEqual([])
    expect(stepsFor(item, 'admin')).toEqual([])
  })
  it('are the commander’s once it is', () => {
    const item = incident({ stage: 'verified', status: 'confirmed' })
    expect(stepsFor(item, 'commander')).toEqual(['approve', 'send_back', 'reopen'])
    expect(stepsFor(item, 'officer')).toEqual(['reopen'])
  })
  it('offer clearing once, and nothing on what is part of another', () => {
    const crash = incident({ incident_class: 'incident', stage: 'new' })
    expect(stepsFor(crash, 'operator')).toContain('clear')
    expect(stepsFor({ ...crash, cleared_at: '2026-11-23T03:00:00Z' }, 'operator')).not.toContain(
      'clear',
    )
    expect(stepsFor({ ...crash, merged_into: 'i-2' }, 'operator')).toEqual([])
  })
  it('are none before one’s own second look', () => {
    const owed = incident({ stage: 'detected', second_look: '2026-11-16' })
    expect(stepsFor(owed, 'officer')).toEqual([])
  })
  it('ask for a note where the centre does', () => {
    expect(needsNote(incident(), 'need_more')).toBe(true)
    expect(needsNote(incident(), 'confirm')).toBe(false)
  })
})

describe('the track', () => {
  it('shows what is behind, what is now, and what is ahead', () => {
    const states = trackOf(incident({ stage: 'verified' })).map((each) => each.state)
    expect(states).toEqual(['done', 'done', 'now', 'ahead', 'ahead', 'ahead'])
  })
  it('puts a stage beside the track in its place', () => {
    const stages = trackOf(incident({ stage: 'rejected' })).map((each) => each.stage)
    expect(stages).toContain('rejected')
    expect(stages).not.toContain('verified')
  })
})
