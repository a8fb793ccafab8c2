import { describe, expect, it } from 'vitest'
import { ref } from 'vue'
import type { IncidentItem } from '@/api/incidents'
import { incident } from '@/testing/builders'
import { useMarks } from './useMarks'

const row = (incident_id: string) => incident({ incident_id })
function open() {
  const items = ref<IncidentItem[]>(['a', 'b', 'c', 'd', 'e'].map(row))
  const marks = useMarks(() => items.value)
  const names = () => marks.marked.value.map((item) => item.incident_id).join('')
  return { items, marks, names }
}

describe('choosing rows', () => {
  it('takes one after the other and lets them go again', () => {
    const { marks, names } = open()
    marks.toggle('d')
    marks.toggle('b')
    expect(names()).toBe('bd')
    marks.toggle('d')
    expect(names()).toBe('b')
    marks.clear()
    expect(names()).toBe('')
  })
  it('takes a range from the row chosen last, in either direction', () => {
    const { marks, names } = open()
    marks.toggle('d')
    marks.extend('b')
    expect(names()).toBe('bcd')
    marks.extend('e')
    expect(names()).toBe('bcde')
  })
  it('takes one row where no range can begin', () => {
    const { items, marks, names } = open()
    marks.extend('c')
    expect(names()).toBe('c')
    items.value = items.value.filter((item) => item.incident_id !== 'c')
    marks.extend('e')
    expect(names()).toBe('e')
  })
  it('forgets what has left the list', () => {
    const { items, marks, names } = open()
    marks.add('a')
    marks.add('b')
    items.value = items.value.slice(1)
    expect(names()).toBe('b')
  })
})
