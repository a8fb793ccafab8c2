/** The handovers that wait for the present user to take over, kept true by live events. */
import { type HandoverItem, listWaitingHandovers } from '@/api/duty'
import { may } from './session'
import { useLive } from './useLive'
import { useLoaded } from './useLoaded'

export function useWaiting() {
  const loaded = useLoaded<HandoverItem[]>(async () =>
    may('hand_over') ? (await listWaitingHandovers()).items : [],
  )
  useLive('handover', () => void loaded.load())
  return loaded
}
