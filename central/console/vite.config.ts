/**
 * Build and development settings of the console.
 *
 * `vite build` writes `dist/`, which the centre serves at `/`; `vite` proxies the API of a running
 * centre (SONGLAM_CENTRE, default http://127.0.0.1:8000).
 */
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

const centre = process.env.SONGLAM_CENTRE ?? 'http://127.0.0.1:8000'
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Files of the shell may have so many bytes; the map library is larger and comes when it is used. */
const SHELL_FILE_BYTES = 300_000
/** Fonts for letters that neither language has. */
const OTHER_LETTERS = /-(cyrillic|greek)(-ext)?-|-latin-ext-/

/** The worker, told what the shell of this release consists of. */
function shell(): Plugin {
  return {
    name: 'songlam-shell',
    apply: 'build',
    generateBundle(_options, bundle) {
      const built = Object.values(bundle).filter((file) => {
        const content = file.type === 'chunk' ? file.code : file.source
        return file.fileName.startsWith('assets/') && content.length <= SHELL_FILE_BYTES
      })
      const assets = built.map((file) => `/${file.fileName}`).filter((n) => !OTHER_LETTERS.test(n))
      const own = readdirSync(here('./public')).sort()
      // Names of assets hold a hash of their content; the page and our own files do not.
      const hash = createHash('sha256').update(assets.sort().join())
      for (const file of ['index.html', ...own.map((name) => `public/${name}`), 'worker/sw.js'])
        hash.update(readFileSync(here(`./${file}`)))
      const told = {
        version: hash.digest('hex').slice(0, 16),
        files: [...own.map((name) => `/${name}`), ...assets],
      }
      const source = readFileSync(here('./worker/sw.js'), 'utf8')
      this.emitFile({
        type: 'asset',
        fileName: 'sw.js',
        source: source.replace('= __SHELL__', `= ${JSON.stringify(told)}`),
      })
    },
  }
}

export default defineConfig({
  plugins: [vue(), shell()],
  resolve: { alias: { '@': here('./src') } },
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
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.ts'],
    // A document for each file took four times as long as the tests.
    isolate: false,
    maxWorkers: '100%',
  },
})
