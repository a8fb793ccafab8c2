import { describe, expect, it } from 'vitest'
import { EventParser } from './sse'

describe('the event parser', () => {
  it('returns an event once its blank line has come', () => {
    const parser = new EventParser()
    expect(parser.push('id: 7\nevent: incident\ndata: {"a":1}\n')).toEqual([])
    expect(parser.push('\n')).toEqual([{ id: '7', event: 'incident', data: '{"a":1}' }])
  })
  it('gives the same events however the bytes are cut', () => {
    const text = ': ping\r\n\r\nid: 1\r\nevent: box\r\ndata: x\r\n\r\nid: 2\r\ndata: y\r\n\r\n'
    const whole = new EventParser().push(text)
    for (let size = 1; size < text.length; size += 1) {
      const parser = new EventParser()
      const pieces = []
      for (let at = 0; at < text.length; at += size) {
        pieces.push(...parser.push(text.slice(at, at + size)))
      }
      expect(pieces).toEqual(whole)
    }
    expect(whole.map((event) => event.data)).toEqual(['x', 'y'])
  })
  it('joins several data lines with line feeds', () => {
    expect(new EventParser().push('data: a\ndata: b\n\n')[0]?.data).toBe('a\nb')
  })
  it('treats a comment as a heartbeat: no event', () => {
    expect(new EventParser().push(': still here\n\n')).toEqual([])
  })
  it('keeps the last id for events that bring none', () => {
    const events = new EventParser().push('id: 4\ndata: a\n\ndata: b\n\n')
    expect(events.map((event) => event.id)).toEqual(['4', '4'])
  })
  it('does not carry an event name over to the next event', () => {
    const events = new EventParser().push('event: box\ndata: a\n\ndata: b\n\n')
    expect(events.map((event) => event.event)).toEqual(['box', 'message'])
  })
})
