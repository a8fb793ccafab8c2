/**
 * The signs of the map: one shape per kind, one look per severity or state. Colour only repeats what
 * shape, filling and mark say already. The same drawing serves the map (on a canvas) and the lists
 * (as SVG).
 */
import type { IncidentClass, Severity } from '@/api/incidents'
import type { Colours } from './style'

export type PostState = 'online' | 'alarm' | 'connecting' | 'offline' | 'never_seen'
export type SignKind = IncidentClass | 'camera' | 'box'
export type SignLook = Severity | PostState

export const KINDS: readonly IncidentClass[] = ['incident', 'violation', 'security', 'device']
export const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low']

/** Outlines in a square of 24. */
const SHAPES: Record<SignKind, string> = {
  incident: 'M12 2.8 22.2 20.6H1.8z',
  violation: 'M12 1.8 22.2 12 12 22.2 1.8 12z',
  security: 'M12 2 22 9.3 18.2 21H5.8L2 9.3z',
  device: 'M3.5 3.5h17v17h-17z',
  camera: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z',
  box: 'M12 2.2l8.6 4.9v9.8L12 21.8l-8.6-4.9V7.1z',
}
const MARKS = {
  none: '',
  bang: 'M12 8.6v4.8M12 17v.1',
  dot: 'M12 12v.1',
  dash: 'M8.5 12h7',
  cross: 'M8.8 8.8l6.4 6.4M15.2 8.8l-6.4 6.4',
} as const

interface Look {
  tone: keyof Colours
  /** Whether the inside has the colour too. */
  filled: boolean
  mark: keyof typeof MARKS
}
const LOOKS: Record<SignLook, Look> = {
  critical: { tone: 'critical', filled: true, mark: 'bang' },
  high: { tone: 'high', filled: true, mark: 'none' },
  medium: { tone: 'medium', filled: false, mark: 'dot' },
  low: { tone: 'low', filled: false, mark: 'none' },
  online: { tone: 'good', filled: false, mark: 'dot' },
  alarm: { tone: 'critical', filled: true, mark: 'bang' },
  connecting: { tone: 'medium', filled: false, mark: 'dash' },
  offline: { tone: 'critical', filled: false, mark: 'cross' },
  never_seen: { tone: 'low', filled: false, mark: 'none' },
}

export interface Sign {
  outline: string
  mark: string
  tone: keyof Colours
  filled: boolean
}

/** How a kind in a state is drawn. */
export function signOf(kind: SignKind, look: SignLook): Sign {
  const { tone, filled, mark } = LOOKS[look]
  return { outline: SHAPES[kind], mark: MARKS[mark], tone, filled }
}

/** The name of a sign as the map's style composes it; null for a name that is none. */
export function signNamed(name: string): Sign | null {
  const at = name.indexOf('-')
  const [kind, look] = [name.slice(0, at), name.slice(at + 1)]
  if (!Object.hasOwn(SHAPES, kind) || !Object.hasOwn(LOOKS, look)) return null
  return signOf(kind as SignKind, look as SignLook)
}

/** Pixels of a canvas per pixel on screen: sharp on a dense screen too. */
export const DENSITY = 2
const SIZE_PX = 24
const MARGIN_PX = 2

/** A sign as pixels; null where the browser gives no canvas. */
export function paintSign(sign: Sign, colours: Colours): ImageData | null {
  const side = (SIZE_PX + 2 * MARGIN_PX) * DENSITY
  const pen = canvas(side)
  if (!pen) return null
  pen.scale(DENSITY, DENSITY)
  pen.translate(MARGIN_PX, MARGIN_PX)
  pen.lineJoin = 'round'
  pen.lineCap = 'round'
  const outline = new Path2D(sign.outline)
  pen.strokeStyle = colours.surface // a rim that sets it off from whatever lies below
  pen.lineWidth = 5
  pen.stroke(outline)
  pen.fillStyle = sign.filled ? colours[sign.tone] : colours.surface
  pen.fill(outline)
  pen.strokeStyle = colours[sign.tone]
  pen.lineWidth = 2.6
  pen.stroke(outline)
  pen.strokeStyle = sign.filled ? colours.surface : colours[sign.tone]
  pen.lineWidth = 3
  pen.stroke(new Path2D(sign.mark))
  return pen.getImageData(0, 0, side, side)
}

/** The ground under the count of a group of cameras: stretched to the text. */
export const PILL = { side: 32, stretch: [[12, 20]] as [number, number][], inset: 8 }

/** A pill with a rim of one colour. */
export function paintPill(tone: keyof Colours, colours: Colours): ImageData | null {
  const pen = canvas(PILL.side)
  if (!pen) return null
  pen.beginPath()
  pen.roundRect(2, 2, PILL.side - 4, PILL.side - 4, 9)
  pen.fillStyle = colours.surface
  pen.fill()
  pen.strokeStyle = colours[tone]
  pen.lineWidth = 3
  pen.stroke()
  return pen.getImageData(0, 0, PILL.side, PILL.side)
}

function canvas(side: number): CanvasRenderingContext2D | null {
  const element = document.createElement('canvas')
  element.width = side
  element.height = side
  return element.getContext('2d')
}
