/**
 * Communes as SVG outlines, for a map coloured by value.
 *
 * A still picture of 130 shapes needs no map library, follows the theme by style sheet and prints.
 * Equirectangular around the province's middle: over two degrees the error is below a pixel. Pure.
 */

export interface Outline {
  code: string
  name: string
  /** The `d` of a path. */
  path: string
}

export interface Drawing {
  width: number
  height: number
  outlines: Outline[]
}

/** Points nearer than this, in units of the drawing, are left out. */
const FINEST = 0.6
const WIDTH = 1000
const MARGIN = 6

type Ring = GeoJSON.Position[]

function rings(geometry: GeoJSON.Geometry): Ring[] {
  if (geometry.type === 'Polygon') return geometry.coordinates
  return geometry.type === 'MultiPolygon' ? geometry.coordinates.flat() : []
}

/** Draw a collection of areas that carry `code` and `full_name`; null when there is none. */
export function draw(collection: GeoJSON.FeatureCollection): Drawing | null {
  const shapes = collection.features.map((feature) => ({
    code: String(feature.properties?.code ?? ''),
    name: String(feature.properties?.full_name ?? feature.properties?.name ?? ''),
    rings: rings(feature.geometry),
  }))
  const points = shapes.flatMap((shape) => shape.rings.flat())
  if (!points.length) return null
  const box = { west: Infinity, east: -Infinity, south: Infinity, north: -Infinity }
  for (const [lon = 0, lat = 0] of points) {
    box.west = Math.min(box.west, lon)
    box.east = Math.max(box.east, lon)
    box.south = Math.min(box.south, lat)
    box.north = Math.max(box.north, lat)
  }
  const squeeze = Math.cos((((box.south + box.north) / 2) * Math.PI) / 180)
  const scale = (WIDTH - 2 * MARGIN) / ((box.east - box.west) * squeeze || 1)
  const place = ([lon = 0, lat = 0]: GeoJSON.Position): [number, number] => [
    MARGIN + (lon - box.west) * squeeze * scale,
    MARGIN + (box.north - lat) * scale,
  ]
  return {
    width: WIDTH,
    height: Math.ceil((box.north - box.south) * scale + 2 * MARGIN),
    outlines: shapes.map(({ code, name, rings }) => ({
      code,
      name,
      path: rings.map((ring) => pathOf(ring.map(place))).join(''),
    })),
  }
}

function pathOf(points: [number, number][]): string {
  const kept: [number, number][] = []
  for (const [x, y] of points) {
    const last = kept.at(-1)
    if (!last || Math.hypot(x - last[0], y - last[1]) >= FINEST) kept.push([x, y])
  }
  if (kept.length < 3) return ''
  return `M${kept.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}Z`
}
