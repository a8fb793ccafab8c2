/**
 * What the live map draws on top of the province: groups of what lies close together, and one sign
 * for each incident, camera and box. Text comes from the browser's own fonts, so no glyph server is
 * asked. Pure.
 */
import type {
  ExpressionSpecification,
  GeoJSONSourceSpecification,
  LayerSpecification,
} from 'maplibre-gl'
import type { Located, Post } from './points'
import { SEVERITIES } from './symbols'
import { type Colours, MAX_ZOOM, type Top, point } from './style'

export const GROUPS = 'incident-groups'
export const SIGNS = 'incidents'
export const POST_GROUPS = 'post-groups'
export const POSTS = 'posts'
export const AREA = 'chosen-area'
/** What a click can meet, the topmost first. */
export const TOUCHABLE = [SIGNS, GROUPS, POSTS, POST_GROUPS]
/** An incident's sign stands on its place: a camera of the same place stays in sight. */
const LIFT_PX = 14
/** From this zoom on each camera and box stands alone: a box beside its camera. */
const POSTS_APART_ZOOM = 14
const FONT = ['Inter Variable']

const rank = (severity: string) =>
  SEVERITIES.length - 1 - SEVERITIES.findIndex((s) => s === severity)

/** Incidents with a place; the worst drawn last, on top. */
export function incidentFeatures(items: readonly Located[]): GeoJSON.FeatureCollection {
  const features = items.map((item) =>
    point(item.location, {
      id: item.incident_id,
      kind: item.incident_class,
      severity: item.severity,
      rank: rank(item.severity),
    }),
  )
  return { type: 'FeatureCollection', features }
}

/** Cameras and boxes with a place. */
export function postFeatures(posts: readonly Post[]): GeoJSON.FeatureCollection {
  const features = posts.flatMap(({ location, kind, key, name, state }) =>
    location ? [point(location, { key, kind, name, state, well: Number(state === 'online') })] : [],
  )
  return { type: 'FeatureCollection', features }
}

/** `upTo`: the last zoom at which what lies close together is a group. */
const grouped = (
  radius: number,
  upTo: number,
  sums: Record<string, unknown>,
): GeoJSONSourceSpecification => ({
  type: 'geojson',
  data: { type: 'FeatureCollection', features: [] },
  cluster: true,
  clusterRadius: radius,
  clusterMaxZoom: upTo,
  maxzoom: MAX_ZOOM + 1,
  clusterProperties: sums,
})

const isGroup: ExpressionSpecification = ['has', 'point_count']
const isOne: ExpressionSpecification = ['!', ['has', 'point_count']]
const count: ExpressionSpecification = ['get', 'point_count']
const always = { 'icon-allow-overlap': true, 'text-allow-overlap': true } as const

/** The top of the live map; `locale` writes the counts, `scale` enlarges what is drawn. */
export function liveTop(locale: string, scale = 1): Top {
  return (c) => ({
    sources: {
      [POSTS]: grouped(46, POSTS_APART_ZOOM - 1, { well: ['+', ['get', 'well']] }),
      // What lies at one and the same place stays a group at every zoom and is listed at a click.
      [SIGNS]: grouped(52, MAX_ZOOM, {
        worst: ['max', ['get', 'rank']],
        critical: ['+', ['case', ['==', ['get', 'severity'], 'critical'], 1, 0]],
      }),
    },
    layers: [chosenArea(c), ...postLayers(c, scale), ...incidentLayers(c, locale, scale)],
  })
}

/** The border of the one commune that is looked at; see {@link onlyArea}. */
function chosenArea(c: Colours): LayerSpecification {
  return {
    id: AREA,
    type: 'line',
    source: 'communes',
    filter: onlyArea(''),
    paint: { 'line-color': c.accent, 'line-width': 3 },
  }
}

/** The filter of the layer {@link AREA}. */
export const onlyArea = (code: string): ExpressionSpecification => ['==', ['get', 'code'], code]

function postLayers(c: Colours, scale: number): LayerSpecification[] {
  const allWell: ExpressionSpecification = ['==', ['get', 'well'], count]
  return [
    {
      id: POST_GROUPS,
      type: 'symbol',
      source: POSTS,
      filter: isGroup,
      layout: {
        ...always,
        'icon-image': ['case', allWell, 'pill-map-outline', 'pill-critical'],
        'icon-text-fit': 'both',
        'icon-text-fit-padding': [1, 2, 1, 2],
        // "118/120": how many of them work says what the rim's colour says.
        'text-field': ['concat', ['get', 'well'], '/', count],
        'text-font': FONT,
        'text-size': 11 * scale,
      },
      paint: {
        'text-color': c.text,
        'icon-translate': [0, LIFT_PX * scale],
        'text-translate': [0, LIFT_PX * scale],
      },
    },
    {
      id: POSTS,
      type: 'symbol',
      source: POSTS,
      filter: isOne,
      layout: {
        ...always,
        'icon-image': ['concat', ['get', 'kind'], '-', ['get', 'state']],
        'icon-size': ['interpolate', ['linear'], ['zoom'], 8, 0.62 * scale, 13, 0.85 * scale],
        // A box with one camera stands where its camera stands: beside it, not below.
        'icon-offset': [
          'case',
          ['==', ['get', 'kind'], 'box'],
          ['literal', [-26, 0]],
          ['literal', [0, 0]],
        ],
      },
    },
  ]
}

function incidentLayers(c: Colours, locale: string, scale: number): LayerSpecification[] {
  const tones = [c.low, c.medium, c.high, c.critical]
  const worst: ExpressionSpecification = [
    'match',
    ['get', 'worst'],
    3,
    tones[3]!,
    2,
    tones[2]!,
    1,
    tones[1]!,
    tones[0]!,
  ]
  return [
    {
      id: GROUPS,
      type: 'circle',
      source: SIGNS,
      filter: isGroup,
      paint: {
        'circle-radius': [
          'step',
          count,
          14 * scale,
          10,
          17 * scale,
          100,
          21 * scale,
          1000,
          26 * scale,
        ],
        'circle-color': worst,
        'circle-stroke-color': c.surface,
        'circle-stroke-width': 2.5,
        'circle-translate': [0, -LIFT_PX * scale],
      },
    },
    {
      id: 'incident-counts',
      type: 'symbol',
      source: SIGNS,
      filter: isGroup,
      layout: {
        ...always,
        // The mark says that something critical is in it, as on a single sign.
        'text-field': [
          'concat',
          ['case', ['>', ['get', 'critical'], 0], '! ', ''],
          ['number-format', count, { locale }],
        ],
        'text-font': FONT,
        'text-size': 12 * scale,
      },
      paint: { 'text-color': c.surface, 'text-translate': [0, -LIFT_PX * scale] },
    },
    {
      id: SIGNS,
      type: 'symbol',
      source: SIGNS,
      filter: isOne,
      layout: {
        ...always,
        'icon-image': ['concat', ['get', 'kind'], '-', ['get', 'severity']],
        'icon-anchor': 'bottom',
        'icon-size': [
          'match',
          ['get', 'severity'],
          'critical',
          1.05 * scale,
          'high',
          0.95 * scale,
          0.82 * scale,
        ],
        'symbol-sort-key': ['get', 'rank'],
      },
    },
  ]
}
