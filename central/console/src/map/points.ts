/**
 * What stands on the map and what is listed beside it: filter, order, places. Pure.
 *
 * Invariants: nothing without a place is dropped, it is listed as such; a camera whose place is known
 * lends it to its incidents.
 */
import type { Box, CameraItem } from '@/api/fleet'
import type { IncidentClass, LatLon, Severity, Stage } from '@/api/incidents'
import type { IncidentPoint } from '@/api/map'
import { KINDS, type PostState, SEVERITIES } from './symbols'

/** An incident of the map with the moment it happened, in milliseconds. */
export interface MapPoint extends IncidentPoint {
  at: number
}
export type Located = MapPoint & { location: LatLon }

export const HOURS = [1, 6, 24, 72, 168, 720] as const
/** Stages in which nobody has to do anything at the place any more; as the centre has them. */
const DONE: readonly Stage[] = [
  'resolved',
  'false_alarm',
  'closed',
  'rejected',
  'handed_over',
  'settled',
]
export const isDone = (stage: Stage): boolean => DONE.includes(stage)

export interface MapFilter {
  /** Empty: all of them. */
  kinds: readonly IncidentClass[]
  severities: readonly Severity[]
  area_code: string
  hours: number
  /** Also what is settled. */
  done: boolean
  cameras: boolean
  boxes: boolean
}
export const ALL: MapFilter = {
  kinds: [],
  severities: [],
  area_code: '',
  hours: 24,
  done: false,
  cameras: true,
  boxes: true,
}

/** The filter as part of the address, defaults left out. */
export function toQuery(filter: MapFilter): Record<string, string> {
  const given: [string, string, boolean][] = [
    ['kinds', filter.kinds.join(), filter.kinds.length > 0],
    ['severities', filter.severities.join(), filter.severities.length > 0],
    ['area', filter.area_code, filter.area_code !== ''],
    ['hours', String(filter.hours), filter.hours !== ALL.hours],
    ['done', 'yes', filter.done],
    ['cameras', 'no', !filter.cameras],
    ['boxes', 'no', !filter.boxes],
  ]
  return Object.fromEntries(given.flatMap(([key, text, said]) => (said ? [[key, text]] : [])))
}

/** The filter an address asks for; what it does not know is left at its default. */
export function fromQuery(query: Record<string, unknown>): MapFilter {
  const text = (key: string) => (typeof query[key] === 'string' ? query[key] : '')
  const chosen = <T extends string>(key: string, known: readonly T[]) =>
    known.filter((each) => text(key).split(',').includes(each))
  const hours = HOURS.find((each) => each === Number(text('hours')))
  return {
    kinds: chosen('kinds', KINDS),
    severities: chosen('severities', SEVERITIES),
    area_code: text('area'),
    hours: hours ?? ALL.hours,
    done: text('done') === 'yes',
    cameras: text('cameras') !== 'no',
    boxes: text('boxes') !== 'no',
  }
}

/** Choose or leave one of several; choosing the last one left out is choosing all. */
export function toggled<T>(chosen: readonly T[], all: readonly T[], one: T): readonly T[] {
  const next = chosen.includes(one) ? chosen.filter((each) => each !== one) : [...chosen, one]
  return next.length === all.length ? [] : all.filter((each) => next.includes(each))
}

/** Whether a point is of the kinds, severities and area wanted; its age was asked of the centre. */
export function matches(point: IncidentPoint, filter: MapFilter): boolean {
  return (
    (!filter.kinds.length || filter.kinds.includes(point.incident_class)) &&
    (!filter.severities.length || filter.severities.includes(point.severity)) &&
    (!filter.area_code || point.area_code === filter.area_code)
  )
}

/** [west, south, east, north] */
export type View = readonly [number, number, number, number]

export function within(place: LatLon, view: View | null): boolean {
  if (!view) return true
  const [lat, lon] = place
  return lon >= view[0] && lat >= view[1] && lon <= view[2] && lat <= view[3]
}

/** The one name of a camera in the whole province: its id is its box's own. */
export const cameraKey = (of: Pick<IncidentPoint, 'box_id' | 'camera_id'>): string =>
  `${of.box_id}/${of.camera_id}`

/** Every camera by its name in the province. */
export function camerasOf(boxes: readonly Box[]): ReadonlyMap<string, CameraItem> {
  const cameras = boxes.flatMap((box) => box.cameras)
  return new Map(cameras.map((camera) => [cameraKey(camera), camera]))
}

/** Divide into what can be drawn and what has no place, each in its order. */
export function placed(
  points: readonly MapPoint[],
  cameras: ReadonlyMap<string, CameraItem>,
): { located: Located[]; homeless: MapPoint[] } {
  const located: Located[] = []
  const homeless: MapPoint[] = []
  for (const point of points) {
    const location = point.location ?? cameras.get(cameraKey(point))?.location ?? null
    if (location) located.push(point.location ? (point as Located) : { ...point, location })
    else homeless.push(point)
  }
  return { located, homeless }
}

/** A camera or a box on the map. */
export interface Post {
  kind: 'camera' | 'box'
  /** `box/camera` or `box`. */
  key: string
  name: string
  state: PostState
  /** A box stands among its cameras: it knows no place of its own. */
  location: LatLon | null
  areas: readonly string[]
}

/**
 * Every camera and box with its state. A camera that works is in alarm while a device incident of it
 * goes on (covered, turned, frozen, clock off), a box while it raises an alarm.
 */
export function postsOf(boxes: readonly Box[], ill: ReadonlySet<string>): Post[] {
  return boxes.flatMap((box) => {
    const places = box.cameras.flatMap((camera) => (camera.location ? [camera.location] : []))
    const cameras = box.cameras.map((camera): Post => {
      const key = cameraKey(camera)
      return {
        kind: 'camera',
        key,
        name: camera.name || camera.camera_id,
        state: camera.status === 'online' && ill.has(key) ? 'alarm' : camera.status,
        location: camera.location,
        areas: [camera.area_code],
      }
    })
    const own: Post = {
      kind: 'box',
      key: box.box_id,
      name: box.name,
      state: box.status === 'online' && box.alarms.length ? 'alarm' : box.status,
      location: middle(places),
      areas: box.cameras.map((camera) => camera.area_code),
    }
    return [...cameras, own]
  })
}

function middle(places: readonly LatLon[]): LatLon | null {
  if (!places.length) return null
  const sum = places.reduce(([a, b], [lat, lon]) => [a + lat, b + lon] as LatLon, [0, 0])
  return [sum[0] / places.length, sum[1] / places.length]
}

/** Cameras at which a device incident goes on. */
export function illCameras(points: readonly MapPoint[]): ReadonlySet<string> {
  const open = points.filter(
    (point) =>
      point.incident_class === 'device' && point.phase !== 'closed' && !isDone(point.stage),
  )
  return new Set(open.map(cameraKey))
}

/** How many incidents each commune has. */
export function perArea(points: readonly MapPoint[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { area_code } of points) counts.set(area_code, (counts.get(area_code) ?? 0) + 1)
  return counts
}
