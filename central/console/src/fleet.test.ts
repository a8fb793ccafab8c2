import { describe, expect, it } from 'vitest'
import { box, camera } from '@/testing/builders'
import { analysedRatio, hasProblem, replaced, rolloutStep, urgency } from './fleet'

const wanted = { name: 'deimv2', version: '2' }
const running = (version: string) => ({ name: 'deimv2', version, sha256: null })

describe('a rollout', () => {
  it.each([
    ['nothing is wanted', box({ active: running('1') }), 'none'],
    [
      'the wanted one runs',
      box({ desired: wanted, active: running('2'), rollout_phase: 'active' }),
      'in_step',
    ],
    [
      'the box is on its way',
      box({ desired: wanted, active: running('1'), rollout_phase: 'testing' }),
      'moving',
    ],
    [
      'the box kept the old one',
      box({ desired: wanted, active: running('1'), rollout_phase: 'kept_old' }),
      'kept_old',
    ],
    [
      'the last report is about an older wish',
      box({ desired: wanted, active: running('1'), rollout_phase: 'active' }),
      'waiting',
    ],
    ['the box never reported', box({ desired: wanted }), 'waiting'],
  ] as const)('when %s is told apart', (_, subject, step) => {
    expect(rolloutStep(subject)).toBe(step)
  })
})

describe('a problem', () => {
  it('is not a healthy box', () => {
    expect(hasProblem(box())).toBe(false)
  })
  it.each([
    ['the box is offline', box({ status: 'offline' })],
    ['one camera is down', box({ cameras: [camera(), camera({ status: 'connecting' })] })],
    ['messages pile up', box({ outbox_depth: 101 })],
    [
      'a model was refused',
      box({ desired: wanted, active: running('1'), rollout_phase: 'kept_old' }),
    ],
  ])('is when %s', (_, subject) => {
    expect(hasProblem(subject)).toBe(true)
  })
  it('comes first in the list, a box that was never connected last', () => {
    const order = [box(), box({ status: 'never_seen' }), box({ status: 'offline' })]
    expect(order.map(urgency)).toEqual([1, 0, 2])
  })
})

it('news about a box replaces it in place, a new box joins at the end', () => {
  const list = [box({ box_id: 'a' }), box({ box_id: 'b' })]
  const after = replaced(list, box({ box_id: 'a', outbox_depth: 5 }))
  expect(after.map((entry) => entry.outbox_depth)).toEqual([5, 0])
  expect(replaced(after, box({ box_id: 'c' })).map((entry) => entry.box_id)).toEqual([
    'a',
    'b',
    'c',
  ])
})

it('the share of analysed frames is unknown while the stream’s rate is', () => {
  expect(analysedRatio({ fps: 25, processed_fps: 8 })).toBeCloseTo(0.32)
  expect(analysedRatio({ fps: 0, processed_fps: 8 })).toBeNull()
})
