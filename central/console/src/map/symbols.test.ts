import { expect, it } from 'vitest'
import { KINDS, SEVERITIES, type SignKind, signNamed, signOf } from './symbols'

const STATES = ['online', 'alarm', 'connecting', 'offline', 'never_seen'] as const
const drawing = (sign: ReturnType<typeof signOf>) => [sign.outline, sign.mark, sign.filled].join()

it('kinds differ in shape, severities and states in filling or mark: never in colour alone', () => {
  const kinds: SignKind[] = [...KINDS, 'camera', 'box']
  const shapes = new Set(kinds.map((kind) => signOf(kind, 'low').outline))
  expect(shapes.size).toBe(kinds.length)
  for (const looks of [SEVERITIES, STATES]) {
    const drawn = new Set(looks.map((look) => drawing(signOf('camera', look))))
    expect(drawn.size).toBe(looks.length)
  }
})

it('a sign is found by the name that the style composes, and nothing else is', () => {
  expect(signNamed('violation-critical')).toEqual(signOf('violation', 'critical'))
  expect(signNamed('box-never_seen')).toEqual(signOf('box', 'never_seen'))
  for (const name of ['pill-critical', 'violation', 'violation-worst', '', 'toString-critical']) {
    expect(signNamed(name)).toBeNull()
  }
})
