/** The province's units and what the map needs. */
import { get } from './client'

export interface Area {
  code: string
  name: string
  full_name: string
  name_en: string
  kind: string
  parent_code: string | null
  lat: number
  lon: number
  area_km2: number
  population: number
  merged_from: string[]
}

export interface AreaTree extends Area {
  children: Area[]
}

export interface MapConfig {
  /** [west, south, east, north] in degrees. */
  bounds: [number, number, number, number]
  tile_url: string | null
  attribution: string
  /** Longitude, latitude. */
  centre: [number, number]
  communes_available: boolean
  province_available: boolean
}

/** The province and its communes as one flat list, the province first. */
export async function listAreas(): Promise<Area[]> {
  const province = await get<AreaTree>('/areas')
  return [province, ...province.children]
}

export const getMapConfig = () => get<MapConfig>('/map/config')

/** One of the centre's own layers of the map. */
export const getLayer = (name: 'communes' | 'province' | 'roads') =>
  get<GeoJSON.FeatureCollection>(`/map/${name}.geojson`)
