/**
 * Build and development settings of the console.
 *
 * `vite build` writes `dist/`, which the centre serves at `/`; `vite` proxies the API of a running
 * centre (SONGLAM_CENTRE, default http://127.0.0.1:8000).
 */
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

const centre = process.env.SONGLAM_CENTRE ?? 'http://127.0.0.1:8000'

export default defineConfig({
  plugins: [vue()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: {
    __VUE_OPTIONS_API__: 'false',
    __VUE_I18N_LEGACY_API__: 'false',
    __INTLIFY_PROD_DEVTOOLS__: 'false',
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': { target: centre } },
  },
  build: {
    target: 'es2022',
    // The map library alone is larger than Vite's warning limit; it loads only with a map.
    chunkSizeWarningLimit: 1300,
  },
  test: { environment: 'happy-dom', include: ['src/**/*.test.ts'] },
})
