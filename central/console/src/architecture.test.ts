import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
function files(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? files(path) : [path]
  })
}
const sources = files(join(root, 'src')).map((path) => ({
  path: relative(root, path),
  text: readFileSync(path, 'utf8'),
}))
const code = sources.filter(({ path }) => /\.(vue|ts)$/.test(path) && !path.includes('.test.'))

describe('the console’s house', () => {
  it('has no file longer than 400 lines', () => {
    const long = sources.filter(({ text }) => text.split('\n').length > 400)
    expect(long.map(({ path }) => path)).toEqual([])
  })
  it('says in every file what it is', () => {
    const silent = code.filter(({ text }) => !/\/\*\*/.test(text.slice(0, 400)))
    expect(silent.map(({ path }) => path)).toEqual([])
  })
  it('uses no colour outside the tokens, except over pictures and lamps', () => {
    const allowed =
      /BoxOverlay|ClipTimeline|ClipPlayer|StillGallery|SignalLog|BrandMark|AppShell|IncidentRow/
    const raw = code.filter(
      ({ path, text }) =>
        path.endsWith('.vue') &&
        !allowed.test(path) &&
        /#[0-9a-f]{3,8}\b/i.test(/<style[^]*/.exec(text)?.[0] ?? ''),
    )
    expect(raw.map(({ path }) => path)).toEqual([])
  })
  it('reaches for nothing outside the centre at run time', () => {
    const foreign = sources
      .filter(({ path }) => !path.includes('.test.'))
      .filter(({ text }) =>
        /(?:https?:)?\/\/(?!www\.w3\.org)[a-z0-9-]+\.[a-z]{2,}/i.test(
          text.replace(/^\s*(?:\*|\/\/).*$/gm, ''),
        ),
      )
    expect(foreign.map(({ path }) => path)).toEqual([])
  })
  it('calls the centre through its one client only', () => {
    const direct = code.filter(
      ({ path, text }) =>
        /\bfetch\(|XMLHttpRequest/.test(text) &&
        !/api[\\/]client|state[\\/]live|useLoaded/.test(path),
    )
    expect(direct.map(({ path }) => path)).toEqual([])
  })
})

describe('the lock file', () => {
  it('names no registry: any mirror may serve it', () => {
    expect(readFileSync(join(root, 'package-lock.json'), 'utf8')).not.toMatch(
      /"resolved"|https?:\/\/registry/,
    )
  })
})
