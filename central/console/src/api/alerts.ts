/** Alerts: what people are told, and whether somebody has answered. */
import { type Page, get } from './client'
import type { Severity } from './incidents'

/** 0 the team, 1 the shift lead, 2 the commander. */
export type StepNumber = 0 | 1 | 2

export interface AlertItem {
  code: string
  rule: string
  name_vi: string
  name_en: string
  severity: Severity
  area_code: string
  camera_id: string
  opened_at: string
  last_at: string
  /** How many incidents of one cause it stands for. */
  incidents: number
  status: 'open' | 'acknowledged' | 'ended'
  step: StepNumber
  escalate_at: string | null
  acknowledged_by: string | null
  acknowledged_at: string | null
}

/** The data of the live event `alert`: that it changed; the list has the rest. */
export interface AlertNews {
  code: string
  area_code: string
  status: AlertItem['status']
  step: number
}

export const listAlerts = (status: AlertItem['status']) =>
  get<Page<AlertItem>>('/alerts', { status })
