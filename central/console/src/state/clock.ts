/** One shared second hand for everything on screen that says "12 seconds ago". */
import { onBeforeUnmount, onMounted, readonly, ref } from 'vue'

const now = ref(new Date())
let users = 0
let timer = 0

/** The current time, ticking once a second while any component shows it. */
export function useNow() {
  onMounted(() => {
    users += 1
    if (users === 1) timer = window.setInterval(() => (now.value = new Date()), 1000)
    now.value = new Date()
  })
  onBeforeUnmount(() => {
    users -= 1
    if (users === 0) window.clearInterval(timer)
  })
  return readonly(now)
}
