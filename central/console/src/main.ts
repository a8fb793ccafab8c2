/** Entry of the console: styles, language, routes, and the one Vue application. */
import { createApp } from 'vue'
import App from './App.vue'
import { i18n } from './i18n'
import { router } from './router'
import { keepShell } from './state/worker'
import './styles/fonts.css'
import './styles/tokens.css'
import './styles/base.css'
import './styles/elements.css'

createApp(App).use(i18n).use(router).mount('#app')
// Whoever has used the officer's page here has a worker: every page then hears of a new release.
if (navigator.serviceWorker?.controller) void keepShell()
