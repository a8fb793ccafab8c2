import { describe, expect, it } from 'vitest'
import { point } from '@/testing/builders'
import { GROUPS, POSTS, SIGNS, TOUCHABLE, incidentFeatures, liveTop, postFeatures } from './liveTop'
import type { Located } from './points'
import { MAX_ZOOM, buildStyle, colours } from './style'

const nothing = { province: null, communes: null, roads: null, areas: [] }
const config = {
  bounds: [103.87, 18.55, 105.8, 20] as [number, number, number, number],
  centre: [105, 19] as [number, number],
  tile_url: null,
  attribution: '',
  communes_available: false,
  province_available: false,
}
const style = buildStyle(config, nothing, colours(), liveTop('vi'))
const at = (location: [number, number], change = {}) => ({ ...point(change), location }) as Located

describe('the live map’s style', () => {
  it('asks nobody for tiles, glyphs or sprites', () => {
    expect(JSON.stringify(style)).not.toContain('http')
    expect([style.glyphs, style.sprite]).toEqual([undefined, undefined])
  })
  it('groups incidents at every zoom, so that those of one place are never drawn over each other', () => {
    expect(style.sources[SIGNS]).toMatchObject({ cluster: true, clusterMaxZoom: MAX_ZOOM })
    expect(style.sources[POSTS]).toMatchObject({ cluster: true })
  })
  it('draws incidents over cameras, and whatever a click can meet is drawn', () => {
    const layers = style.layers.map((layer) => layer.id)
    expect(layers.indexOf(GROUPS)).toBeGreaterThan(layers.indexOf(POSTS))
    expect(TOUCHABLE.filter((id) => !layers.includes(id))).toEqual([])
  })
  it('is drawn larger on a wall', () => {
    const size = (scale: number) =>
      liveTop('vi', scale)(colours()).layers.find(({ id }) => id === 'incident-counts')?.layout
    expect(size(2)).toMatchObject({ 'text-size': 24 })
  })
})

it('an incident is a point, longitude first, with what its sign and its group need', () => {
  const worst = at([18.6, 105.6], { severity: 'critical', incident_class: 'incident' })
  const [feature] = incidentFeatures([worst]).features
  expect(feature?.geometry).toEqual({ type: 'Point', coordinates: [105.6, 18.6] })
  expect(feature?.properties).toEqual({
    id: 'i-1',
    kind: 'incident',
    severity: 'critical',
    rank: 3,
  })
})

it('a camera without a place is not drawn somewhere', () => {
  const post = { kind: 'camera', key: 'a/b', name: 'B', state: 'online', areas: [] } as const
  const features = postFeatures([
    { ...post, location: null },
    { ...post, location: [18, 105] },
  ]).features
  expect(features.map((each) => each.properties)).toEqual([
    { key: 'a/b', kind: 'camera', name: 'B', state: 'online', well: 1 },
  ])
})
