/** Which scene of the wall is on, for how long, and whether it stands still. */
import { computed, ref } from 'vue'
import { storePace, storedPace } from '@/state/preferences'
import { useRepeat } from '@/state/useRepeat'

/** Seconds that a scene may stay. */
export const PACES = [10, 15, 20, 30, 60, 120] as const
const USUAL_S = 20

/** The pace that is nearest to what was asked for; the usual one for nothing or nonsense. */
export function paceFrom(asked: unknown): number {
  const seconds = Number(asked)
  if (!(seconds > 0)) return USUAL_S
  return PACES.reduce((best, pace) =>
    Math.abs(pace - seconds) < Math.abs(best - seconds) ? pace : best,
  )
}

/** `scenes`: how many there are; `asked`: seconds from the address, over what this device chose. */
export function useRotation(scenes: number, asked: unknown) {
  const at = ref(0)
  const pace = ref(paceFrom(asked ?? storedPace()))
  const paused = ref(false)
  /** Seconds that the present scene has been on. */
  const shownS = ref(0)

  function show(scene: number): void {
    at.value = (scene + scenes) % scenes
    shownS.value = 0
  }
  function tick(): void {
    if (paused.value) return
    shownS.value += 1
    if (shownS.value >= pace.value) show(at.value + 1)
  }
  function setPace(seconds: number): void {
    pace.value = paceFrom(seconds)
    storePace(pace.value)
  }
  /** One pace faster (-1) or slower (1). */
  function change(by: 1 | -1): void {
    const next = PACES.findIndex((each) => each === pace.value) + by
    setPace(PACES[Math.min(Math.max(0, next), PACES.length - 1)]!)
  }
  useRepeat(tick, 1)

  return {
    ...{ at, pace, paused, show, setPace, change },
    /** How much of its time the scene has had, 0..1. */
    ratio: computed(() => Math.min(1, shownS.value / pace.value)),
    toggle: () => void (paused.value = !paused.value),
  }
}
