/**
 * The map's drawing: our own lines and points, no text layer, tiles only where the centre names a
 * source.
 *
 * Without tiles nothing on the map comes from abroad, so nothing can be mislabelled or left out;
 * whoever configures tiles answers for how they show Hoàng Sa and Trường Sa.
 */
import type { LayerSpecification, SourceSpecification, StyleSpecification } from 'maplibre-gl'
import type { CameraItem } from '@/api/fleet'
import type { IncidentItem, LatLon } from '@/api/incidents'
import type { Area, MapConfig } from '@/api/places'

const EMPTY: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] }
const TOKENS = [
  'map-ground',
  'map-land',
  'map-line',
  'map-outline',
  'map-road',
  'good',
  'medium',
  'critical',
  'high',
  'low',
  'accent',
  'surface',
  'text',
] as const
export type Colours = Record<(typeof TOKENS)[number], string>

/** The theme's colours, read from the page: WebGL knows no CSS variables. */
export function colours(): Colours {
  const style = getComputedStyle(document.documentElement)
  return Object.fromEntries(
    TOKENS.map((name) => [name, style.getPropertyValue(`--${name}`).trim() || '#888888']),
  ) as Colours
}

export interface Layers {
  province: GeoJSON.FeatureCollection | null
  communes: GeoJSON.FeatureCollection | null
  roads: GeoJSON.FeatureCollection | null
  areas: readonly Area[]
}

/** A place with what is known of it. */
export function point(position: LatLon, properties: Record<string, unknown>): GeoJSON.Feature {
  return {
    type: 'Feature',
    geometry: { type: 'Point', coordinates: [position[1], position[0]] },
    properties,
  }
}

/** Cameras that have a place, as points. */
export function cameraPoints(cameras: readonly CameraItem[]): GeoJSON.FeatureCollection {
  const features = cameras.flatMap((camera) =>
    camera.location
      ? [
          point(camera.location, {
            id: camera.camera_id,
            name: camera.name || camera.camera_id,
            status: camera.status,
          }),
        ]
      : [],
  )
  return { type: 'FeatureCollection', features }
}

/** Incidents that have a place, as points; the most serious drawn last, on top. */
export function incidentPoints(incidents: readonly IncidentItem[]): GeoJSON.FeatureCollection {
  const order = ['low', 'medium', 'high', 'critical']
  const features = [...incidents]
    .sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity))
    .flatMap((item) =>
      item.location
        ? [point(item.location, { id: item.incident_id, severity: item.severity })]
        : [],
    )
  return { type: 'FeatureCollection', features }
}

function areaPoints(areas: readonly Area[]): GeoJSON.FeatureCollection {
  return {
    type: 'FeatureCollection',
    features: areas
      .filter((area) => area.parent_code)
      .map((area) => point([area.lat, area.lon], { name: area.full_name })),
  }
}

/** What a map draws on top of the province. */
export type Top = (c: Colours) => {
  sources: Record<string, SourceSpecification>
  layers: LayerSpecification[]
}

/** What stands on a place, in pixels around it, so that names keep away from it. */
export interface Sign {
  place: LatLon
  halfWidth: number
  top: number
  bottom: number
}

export const MAX_ZOOM = 17

/** The whole style for one theme. */
export function buildStyle(
  config: MapConfig,
  layers: Layers,
  c: Colours,
  top: Top = plainTop,
): StyleSpecification {
  const above = top(c)
  const sources: Record<string, SourceSpecification> = {
    province: geojson(layers.province),
    communes: geojson(layers.communes),
    areas: geojson(layers.communes ? null : areaPoints(layers.areas)),
    roads: geojson(layers.roads),
    ...above.sources,
  }
  if (config.tile_url) {
    sources.tiles = {
      type: 'raster',
      tiles: [config.tile_url],
      tileSize: 256,
      attribution: config.attribution,
    }
  }
  const ground = drawing(Boolean(config.tile_url), c)
  return { version: 8, sources, layers: [...ground, ...above.layers] }
}

/** A source of points, empty until something is put in. */
export const geojson = (data: GeoJSON.FeatureCollection | null = null): SourceSpecification => ({
  type: 'geojson',
  data: data ?? EMPTY,
})

function drawing(tiles: boolean, c: Colours): LayerSpecification[] {
  const roadWidth: [string, ...unknown[]] = ['interpolate', ['linear'], ['zoom'], 7, 1.4, 12, 3.5]
  return [
    { id: 'ground', type: 'background', paint: { 'background-color': c['map-ground'] } },
    ...(tiles
      ? [{ id: 'tiles', type: 'raster', source: 'tiles' } as LayerSpecification]
      : [
          fill('land', 'province', c['map-land']),
          fill('land-communes', 'communes', c['map-land']),
        ]),
    line('borders', 'communes', c['map-line'], 0.8),
    line('outline', 'province', c['map-outline'], 1.8),
    {
      id: 'roads',
      type: 'line',
      source: 'roads',
      layout: { 'line-join': 'round', 'line-cap': 'round' },
      paint: { 'line-color': c['map-road'], 'line-width': roadWidth as unknown as number },
    },
    {
      id: 'areas',
      type: 'circle',
      source: 'areas',
      paint: { 'circle-radius': 2.5, 'circle-color': c['map-outline'] },
    },
  ]
}

/** A few cameras and incidents as plain circles. */
export const plainTop: Top = (c) => ({
  sources: { cameras: geojson(), incidents: geojson() },
  layers: [
    {
      id: 'cameras',
      type: 'circle',
      source: 'cameras',
      paint: {
        'circle-radius': 6,
        'circle-color': [
          'match',
          ['get', 'status'],
          'online',
          c.good,
          'connecting',
          c.medium,
          c.critical,
        ],
        'circle-stroke-color': c.surface,
        'circle-stroke-width': 2,
      },
    },
    {
      id: 'incidents',
      type: 'circle',
      source: 'incidents',
      paint: {
        'circle-radius': 11,
        'circle-color': 'transparent',
        'circle-stroke-width': 3,
        'circle-stroke-color': [
          'match',
          ['get', 'severity'],
          'critical',
          c.critical,
          'high',
          c.high,
          'medium',
          c.medium,
          c.low,
        ],
      },
    },
  ],
})

function fill(id: string, source: string, colour: string): LayerSpecification {
  return { id, type: 'fill', source, paint: { 'fill-color': colour } }
}

function line(id: string, source: string, colour: string, width: number): LayerSpecification {
  return { id, type: 'line', source, paint: { 'line-color': colour, 'line-width': width } }
}
