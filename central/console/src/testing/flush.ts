/** Let everything that is under way finish: promises, and what Vue draws after them. */
import { nextTick } from 'vue'

export async function flushPromises(): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 0))
    await nextTick()
  }
}
