import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import en from './en'
import vi from './vi'

type Tree = { [key: string]: string | Tree }

function flatten(tree: Tree, path = ''): Map<string, string> {
  const flat = new Map<string, string>()
  for (const [key, value] of Object.entries(tree)) {
    const name = path ? `${path}.${key}` : key
    if (typeof value === 'string') flat.set(name, value)
    else for (const [inner, text] of flatten(value, name)) flat.set(inner, text)
  }
  return flat
}
const vietnamese = flatten(vi as Tree)
const english = flatten(en as Tree)
const slots = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort()

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sources(path)
    return /\.(vue|ts)$/.test(entry.name) && !entry.name.includes('.test.') ? [path] : []
  })
}
const root = join(import.meta.dirname, '..')
const code = sources(root).map((path) => [path, readFileSync(path, 'utf8')] as const)

describe('both languages', () => {
  it('have the same keys', () => {
    expect([...english.keys()]).toEqual([...vietnamese.keys()])
  })
  it('fill the same places', () => {
    const odd = [...vietnamese].filter(
      ([key, text]) => String(slots(text)) !== String(slots(english.get(key) ?? '')),
    )
    expect(odd).toEqual([])
  })
  it('leave no text empty', () => {
    expect([...vietnamese, ...english].filter(([, text]) => !text.trim())).toEqual([])
  })
  it('are written in composed letters (NFC): others sort and search differently', () => {
    expect([...vietnamese].filter(([, text]) => text !== text.normalize('NFC'))).toEqual([])
  })
})

describe('the pages', () => {
  it('ask only for texts that exist', () => {
    const missing = code.flatMap(([path, text]) =>
      [...text.matchAll(/\bt\(\s*'([\w.]+)'/g)]
        .map((match) => match[1]!)
        .filter((key) => !vietnamese.has(key))
        .map((key) => `${path}: ${key}`),
    )
    expect(missing).toEqual([])
  })
  it('hold no Vietnamese text of their own', () => {
    const letters = /[ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]/i
    const written = code
      .filter(([path]) => path.endsWith('.vue'))
      .filter(([, text]) => letters.test(/<template>[^]*<\/template>/.exec(text)?.[0] ?? ''))
      .map(([path]) => path)
    expect(written).toEqual([])
  })
})
