import { describe, expect, it } from 'vitest'
import type { Person } from '@/api/duty'
import { handoverItem } from '@/testing/duty'
import { acceptance, canTakeOver } from './takeOver'

const person = (change: Partial<Person> = {}): Person => ({
  username: 'binh',
  display_name: 'Bình',
  role: 'operator',
  areas: ['*'],
  ...change,
})
const whole = { username: 'an', areas: ['*'] }
const local = { username: 'xa', areas: ['16681'] }

describe('who can take a shift over', () => {
  it('is on duty and sees all of its communes', () => {
    expect(canTakeOver(person(), whole)).toBe(true)
    expect(canTakeOver(person({ areas: ['16681'] }), whole)).toBe(false)
    expect(canTakeOver(person({ areas: ['16681', '16690'] }), local)).toBe(true)
    expect(canTakeOver(person({ areas: ['16690'] }), local)).toBe(false)
    expect(canTakeOver(person({ areas: [] }), local)).toBe(false)
  })
  it('is not oneself', () => expect(canTakeOver(person({ username: 'an' }), whole)).toBe(false))
  it.each(['technician', 'auditor', 'leader', 'admin'] as const)('is no %s', (role) => {
    expect(canTakeOver(person({ role }), whole)).toBe(false)
  })
})

describe('who may accept a handover', () => {
  it('is the named person, or a lead in their place, but not who handed over', () => {
    const given = handoverItem()
    expect(acceptance(given, { username: 'binh', role: 'operator' })).toBe('own')
    expect(acceptance(given, { username: 'chi', role: 'operator' })).toBeNull()
    expect(acceptance(given, { username: 'chi', role: 'shift_lead' })).toBe('in_place')
    expect(acceptance(given, { username: 'an', role: 'commander' })).toBeNull()
    expect(acceptance(given, { username: 'binh', role: 'auditor' })).toBeNull()
    expect(acceptance(given, null)).toBeNull()
  })
  it('is nobody once it is taken', () => {
    const taken = { accepted_at: '2026-11-23T04:00:00Z', accepted_by: 'binh', note: '' }
    const given = handoverItem({ acceptance: taken })
    expect(acceptance(given, { username: 'binh', role: 'operator' })).toBeNull()
  })
})
