/** Every box, loaded once and kept true by live events. */
import { type Box, listBoxes } from '@/api/fleet'
import { replaced } from '@/fleet'
import { useLive } from './useLive'
import { useLoaded } from './useLoaded'

/** What arrives while the list is on its way is newer than the list, and is not lost. */
export function useBoxes() {
  let early: Box[] = []
  const loaded = useLoaded(async () => {
    early = []
    const { items } = await listBoxes()
    return early.reduce<Box[]>(replaced, items)
  })
  function update(box: Box): void {
    if (loaded.loading.value) early.push(box)
    if (loaded.value.value) loaded.value.value = replaced(loaded.value.value, box)
  }
  useLive<Box>('box', update)
  useLive<Box>('rollout', update)
  return loaded
}
