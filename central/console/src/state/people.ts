/** Names of colleagues, loaded once per session and shared. */
import { computed, shallowRef } from 'vue'
import { ApiError } from '@/api/client'
import { type Person, listPeople } from '@/api/duty'

export const people = shallowRef<Person[]>([])
const names = computed(
  () => new Map(people.value.map((each) => [each.username, each.display_name])),
)

/** Load them anew: people come and go. They put names to accounts; without them accounts are shown. */
export async function loadPeople(): Promise<void> {
  try {
    people.value = (await listPeople()).items
  } catch (failure) {
    if (!(failure instanceof ApiError)) throw failure
  }
}

/** "Nguyễn Văn An" for an account; the account itself while the name is unknown. */
export const personName = (username: string): string => names.value.get(username) ?? username
