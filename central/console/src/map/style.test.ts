import { describe, expect, it } from 'vitest'
import { camera, incident } from '@/testing/builders'
import { type Layers, buildStyle, cameraPoints, colours, incidentPoints } from './style'

const config = {
  bounds: [103.87, 18.55, 105.8, 20] as [number, number, number, number],
  centre: [105, 19] as [number, number],
  tile_url: null as string | null,
  attribution: '',
  communes_available: false,
  province_available: false,
}
const nothing: Layers = { province: null, communes: null, roads: null, areas: [] }

describe('the map’s style', () => {
  it('asks nobody for tiles, glyphs or sprites unless a source is configured', () => {
    const style = buildStyle(config, nothing, colours())
    expect(JSON.stringify(style)).not.toContain('http')
    expect(style.glyphs).toBeUndefined()
    expect(style.layers.some((layer) => layer.type === 'symbol' || layer.type === 'raster')).toBe(
      false,
    )
  })
  it('draws the configured tiles below everything of ours', () => {
    const style = buildStyle(
      { ...config, tile_url: 'https://tiles/{z}/{x}/{y}.png' },
      nothing,
      colours(),
    )
    expect(style.layers[1]?.type).toBe('raster')
  })
  it('shows communes as points only where their borders are absent', () => {
    const area = {
      code: '1',
      parent_code: '40',
      name: 'Vinh',
      full_name: 'Phường Vinh',
      name_en: 'Vinh',
      kind: 'phường',
      lat: 18.6,
      lon: 105.6,
      area_km2: 1,
      population: 1,
      merged_from: [],
    }
    const points = (communes: GeoJSON.FeatureCollection | null) => {
      const style = buildStyle(config, { ...nothing, communes, areas: [area] }, colours())
      return (style.sources.areas as { data: GeoJSON.FeatureCollection }).data.features.length
    }
    expect(points(null)).toBe(1)
    expect(points({ type: 'FeatureCollection', features: [] })).toBe(0)
  })
})

it('points are longitude first, and what has no place is left out', () => {
  const features = cameraPoints([camera(), camera({ camera_id: 'x', location: null })]).features
  expect(features.map((f) => (f.geometry as GeoJSON.Point).coordinates)).toEqual([[105.68, 18.67]])
})

it('the most serious incident is drawn last, on top', () => {
  const features = incidentPoints([
    incident({ incident_id: 'a', severity: 'critical' }),
    incident({ incident_id: 'b', severity: 'low' }),
  ]).features
  expect(features.map((f) => f.properties?.id)).toEqual(['b', 'a'])
})
