/** The live map, loaded only where one is shown: its library is larger than the rest of the console. */
import { defineAsyncComponent } from 'vue'

export default defineAsyncComponent(() => import('./LiveMap.vue'))
