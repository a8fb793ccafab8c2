import { describe, expect, it } from 'vitest'
import type { Box } from '@/api/fleet'
import { box, camera, point } from '@/testing/builders'
import {
  ALL,
  type MapFilter,
  cameraKey,
  fromQuery,
  illCameras,
  matches,
  perArea,
  placed,
  postsOf,
  toQuery,
  toggled,
  within,
} from './points'
import { KINDS } from './symbols'

describe('the filter of the map', () => {
  const narrow: MapFilter = {
    kinds: ['incident', 'device'],
    severities: ['critical'],
    area_code: '16681',
    hours: 72,
    done: true,
    cameras: false,
    boxes: false,
  }

  it('comes back from its address as it was, and the usual one has none', () => {
    expect(fromQuery(toQuery(narrow))).toEqual(narrow)
    expect(toQuery(ALL)).toEqual({})
    expect(fromQuery({})).toEqual(ALL)
  })
  it('takes no nonsense from an address', () => {
    expect(fromQuery({ kinds: 'ghost', severities: 'worst,high', hours: '7', done: 'x' })).toEqual({
      ...ALL,
      severities: ['high'],
    })
  })
  it('shows what is of its kinds, severities and commune', () => {
    const crash = point({ incident_class: 'incident', severity: 'critical' })
    expect(matches(crash, narrow)).toBe(true)
    expect(matches({ ...crash, incident_class: 'violation' }, narrow)).toBe(false)
    expect(matches({ ...crash, severity: 'high' }, narrow)).toBe(false)
    expect(matches({ ...crash, area_code: '16690' }, narrow)).toBe(false)
    expect(matches(point(), ALL)).toBe(true)
  })
  it('choosing all of a kind is choosing none: nothing is left out', () => {
    expect(toggled([], KINDS, 'violation')).toEqual(['violation'])
    expect(toggled(['violation'], KINDS, 'violation')).toEqual([])
    expect(toggled(['incident', 'violation', 'security'], KINDS, 'device')).toEqual([])
    expect(toggled(['device'], KINDS, 'incident')).toEqual(['incident', 'device'])
  })
})

describe('places', () => {
  it('a camera whose place is known lends it; what has none is listed, not dropped', () => {
    const known = new Map([['vinh-01/cam-1', camera({ location: [18.6, 105.6] })]])
    const own = point({ incident_id: 'own', location: [19, 105] })
    const lent = point({ incident_id: 'lent', location: null })
    const homeless = point({ incident_id: 'homeless', location: null, camera_id: 'cam-2' })
    const found = placed([own, lent, homeless], known)
    expect(found.located.map(({ incident_id, location }) => [incident_id, location])).toEqual([
      ['own', [19, 105]],
      ['lent', [18.6, 105.6]],
    ])
    expect(found.homeless).toEqual([homeless])
  })
  it('is in view from edge to edge, and everything is before the map has said', () => {
    const view = [105, 18, 106, 19] as const
    expect(within([18.5, 105.5], view)).toBe(true)
    expect(within([19, 106], view)).toBe(true)
    expect(within([19.1, 105.5], view)).toBe(false)
    expect(within([0, 0], null)).toBe(true)
  })
  it('counts the incidents of each commune', () => {
    const counts = perArea([point(), point(), point({ area_code: '2' })])
    expect([...counts]).toEqual([
      ['16681', 2],
      ['2', 1],
    ])
  })
})

describe('cameras and boxes on the map', () => {
  const states = (boxes: Box[], ill: string[] = []) =>
    Object.fromEntries(postsOf(boxes, new Set(ill)).map((post) => [post.key, post.state]))

  it('say how they are', () => {
    const cameras = [
      camera(),
      camera({ camera_id: 'ill' }),
      camera({ camera_id: 'gone', status: 'offline' }),
    ]
    const alarmed = box({ cameras, alarms: [{ code: 'disk_low', since: '2026-11-23T03:00:00Z' }] })
    expect(states([alarmed], ['vinh-01/ill', 'vinh-01/gone'])).toEqual({
      'vinh-01/cam-1': 'online',
      'vinh-01/ill': 'alarm',
      'vinh-01/gone': 'offline',
      'vinh-01': 'alarm',
    })
    expect(states([box({ cameras: [], status: 'never_seen' })])).toEqual({
      'vinh-01': 'never_seen',
    })
  })
  it('a box stands in the middle of its cameras, and nowhere while none has a place', () => {
    const cameras = [
      camera({ location: [18, 105] }),
      camera({ camera_id: 'b', location: [19, 106] }),
      camera({ camera_id: 'c', location: null }),
    ]
    const own = (of: Box) => postsOf([of], new Set()).find((post) => post.kind === 'box')
    expect(own(box({ cameras }))?.location).toEqual([18.5, 105.5])
    expect(own(box({ cameras: [camera({ location: null })] }))?.location).toBeNull()
  })
  it('a camera is ill while a device incident of it goes on', () => {
    const covered = point({ incident_class: 'device', camera_id: 'a' })
    const over = point({ incident_class: 'device', camera_id: 'b', phase: 'closed' })
    const settled = point({ incident_class: 'device', camera_id: 'c', stage: 'closed' })
    const crash = point({ incident_class: 'incident', camera_id: 'd' })
    expect([...illCameras([covered, over, settled, crash])]).toEqual([cameraKey(covered)])
  })
})
