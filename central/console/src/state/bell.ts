/**
 * The alert bell of the officer's page: sound, vibration, and a screen that stays awake.
 *
 * Browsers allow sound only after a tap, so it is switched on explicitly; nothing here pretends to
 * ring while it is off. Two tones made on the spot: no file to load, nothing to decode.
 */
import { ref } from 'vue'
import type { Severity } from '@/api/incidents'

/** Whether the bell rings. */
export const bellOn = ref(false)

let audio: AudioContext | null = null
let wake: WakeLockSentinel | null = null

/** Tones in hertz, and how often they repeat: the worse, the higher and longer. */
const SOUNDS: Record<Severity, { tones: readonly number[]; times: number }> = {
  critical: { tones: [1046, 784], times: 4 },
  high: { tones: [880, 659], times: 2 },
  medium: { tones: [659], times: 2 },
  low: { tones: [523], times: 1 },
}
const TONE_S = 0.18

/** Switch the bell on; must be called from a tap or a key press. */
export async function switchBellOn(): Promise<void> {
  audio ??= new AudioContext()
  await audio.resume()
  bellOn.value = true
  ring('low')
  await keepAwake()
  document.addEventListener('visibilitychange', keepAwake)
}

export async function switchBellOff(): Promise<void> {
  bellOn.value = false
  document.removeEventListener('visibilitychange', keepAwake)
  await wake?.release().catch(() => undefined)
  wake = null
}

/** The system lets go of the lock whenever the page is hidden; take it again. */
async function keepAwake(): Promise<void> {
  if (!bellOn.value || document.hidden || !('wakeLock' in navigator)) return
  // Refused on a low battery: the bell still rings, only the screen may go dark.
  wake = await navigator.wakeLock.request('screen').catch(() => null)
}

/** Ring for one alert of this severity, if the bell is on. */
export function ring(severity: Severity): void {
  if (!bellOn.value || !audio) return
  const { tones, times } = SOUNDS[severity]
  let at = audio.currentTime + 0.02
  for (let round = 0; round < times; round += 1) {
    for (const hertz of tones) {
      tone(audio, hertz, at)
      at += TONE_S
    }
    at += TONE_S / 2
  }
  if ('vibrate' in navigator) navigator.vibrate(severity === 'critical' ? [400, 120, 400] : [250])
}

function tone(context: AudioContext, hertz: number, at: number): void {
  const source = context.createOscillator()
  const volume = context.createGain()
  source.frequency.value = hertz
  // Rise and fall instead of switching: a click is not a bell.
  volume.gain.setValueAtTime(0, at)
  volume.gain.linearRampToValueAtTime(0.5, at + 0.015)
  volume.gain.linearRampToValueAtTime(0, at + TONE_S)
  source.connect(volume).connect(context.destination)
  source.start(at)
  source.stop(at + TONE_S)
}
