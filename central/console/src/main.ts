/** Entry of the console: styles, language, routes, and the one Vue application. */
import { createApp } from 'vue'
import App from './App.vue'
import { i18n } from './i18n'
import { router } from './router'
import './styles/fonts.css'
import './styles/tokens.css'
import './styles/base.css'
import './styles/elements.css'

createApp(App).use(i18n).use(router).mount('#app')
