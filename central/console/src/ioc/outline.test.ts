import { describe, expect, it } from 'vitest'
import { draw } from './outline'

const square = (west: number, south: number, size: number): GeoJSON.Position[] => [
  [west, south],
  [west + size, south],
  [west + size, south + size],
  [west, south + size],
  [west, south],
]
const collection = (...geometries: GeoJSON.Geometry[]): GeoJSON.FeatureCollection => ({
  type: 'FeatureCollection',
  features: geometries.map((geometry, i) => ({
    type: 'Feature',
    geometry,
    properties: { code: `1668${i}`, full_name: `Phường ${i}` },
  })),
})

describe('the outlines of communes', () => {
  it('keep their codes and names, the west left and the north up', () => {
    const drawing = draw(
      collection(
        { type: 'Polygon', coordinates: [square(104, 18, 1)] },
        { type: 'Polygon', coordinates: [square(105, 19, 1)] },
      ),
    )!
    const [southWest, northEast] = drawing.outlines
    expect(southWest).toMatchObject({ code: '16680', name: 'Phường 0' })
    const first = (path: string) =>
      path
        .match(/[\d.]+/g)!
        .slice(0, 2)
        .map(Number)
    expect(first(southWest!.path)[0]).toBeLessThan(first(northEast!.path)[0]!)
    expect(first(southWest!.path)[1]).toBeGreaterThan(first(northEast!.path)[1]!)
    expect(drawing.height).toBeGreaterThan(drawing.width) // degrees of longitude are shorter here
  })
  it('draw every part of a commune that has several', () => {
    const parts = [[square(104, 18, 1)], [square(106, 18, 1)]]
    const drawing = draw(collection({ type: 'MultiPolygon', coordinates: parts }))!
    expect(drawing.outlines[0]!.path.match(/M/g)).toHaveLength(2)
  })
  it('leave out points too near to tell apart', () => {
    const ring = square(104, 18, 2)
    ring.splice(1, 0, [104.00001, 18])
    const drawing = draw(collection({ type: 'Polygon', coordinates: [ring] }))!
    expect(drawing.outlines[0]!.path.match(/L/g)).toHaveLength(4)
  })
  it('are nothing where there is nothing to draw', () => {
    expect(draw(collection())).toBeNull()
    expect(draw(collection({ type: 'Point', coordinates: [104, 18] }))).toBeNull()
  })
})
