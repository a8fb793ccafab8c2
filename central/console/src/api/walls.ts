/** Video walls: screens that show for weeks without anybody logged in. */
import { type Page, del, get, post } from './client'

export interface Wall {
  id: number
  name: string
  started_by: string
  started_at: string
  last_used_at: string
  /** When it ends unless it is used. */
  expires_at: string
  /** When it ends, used or not. */
  ends_at: string
}

export const listWalls = () => get<Page<Wall>>('/walls')
/** Make this browser a wall; the log-in that it had ends. */
export const startWall = (name: string) => post<Wall>('/walls', { name })
export const endWall = (id: number) => del<null>(`/walls/${id}`)
