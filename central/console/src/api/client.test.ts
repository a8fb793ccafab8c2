import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError, errorFrom, get, onUnauthorised, post, withQuery } from './client'

describe('a query', () => {
  it('leaves out what has no value and repeats a list', () => {
    const query = { status: ['new', 'acknowledged'], rule: '', cursor: null, limit: 60 }
    expect(withQuery('/incidents', query)).toBe(
      '/incidents?status=new&status=acknowledged&limit=60',
    )
  })
  it('adds nothing when there is nothing to ask', () => {
    expect(withQuery('/boxes', { rule: undefined })).toBe('/boxes')
  })
})

describe('an error', () => {
  it('speaks the reader’s language in the centre’s own words', () => {
    const error = errorFrom(409, {
      detail: {
        code: 'stale',
        message_vi: 'Đã có người xử lý.',
        message_en: 'Somebody was faster.',
      },
    })
    expect([error.status, error.code, error.text('vi'), error.text('en')]).toEqual([
      409,
      'stale',
      'Đã có người xử lý.',
      'Somebody was faster.',
    ])
  })
  it('still says something when the answer is not the centre’s', () => {
    expect(errorFrom(502, null).text('vi')).toContain('502')
    expect(errorFrom(422, { detail: [{ loc: ['body'] }] }).code).toBe('invalid')
  })
})

describe('a call', () => {
  const sent: Request[] = []
  let answer: () => Response
  beforeEach(() => {
    vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
      sent.push(new Request(new URL(path, 'http://centre'), init))
      return answer()
    })
  })
  afterEach(() => {
    vi.unstubAllGlobals()
    sent.length = 0
    onUnauthorised(() => {})
  })

  it('that changes something carries the CSRF header, a reading one does not', async () => {
    answer = () => new Response('{"ok":true}')
    await get('/boxes')
    await post('/boxes', { box_id: 'a' })
    expect(sent.map((request) => request.headers.get('X-Songlam'))).toEqual([null, '1'])
  })
  it('that is answered without a body gives null', async () => {
    answer = () => new Response(null, { status: 204 })
    expect(await get('/anything')).toBeNull()
  })
  it('refused with 401 ends the session on screen, but not while logging in', async () => {
    const ended: string[] = []
    onUnauthorised(() => ended.push('ended'))
    answer = () => new Response('{}', { status: 401 })
    await expect(post('/session', {})).rejects.toBeInstanceOf(ApiError)
    expect(ended).toEqual([])
    await expect(get('/boxes')).rejects.toBeInstanceOf(ApiError)
    expect(ended).toEqual(['ended'])
  })
  it('without a network is an ApiError of status 0', async () => {
    answer = () => {
      throw new TypeError('failed to fetch')
    }
    await expect(get('/boxes')).rejects.toMatchObject({ status: 0, code: 'network' })
  })
})
