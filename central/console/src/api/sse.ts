/**
 * Server-sent events, parsed from a byte stream.
 *
 * Why not `EventSource`: it hides heartbeats (a dead line looks like a quiet night), it cannot
 * resume after giving up, and it cannot tell a 401 from an outage. Pure: text in, events out.
 *
 * Source: WHATWG HTML, 9.2.6 "Interpreting an event stream".
 */

export interface ServerEvent {
  id: string
  event: string
  data: string
}

/** Collects text until events are whole. One instance per connection. */
export class EventParser {
  private rest = ''
  private id = ''
  private event = ''
  private data: string[] = []

  /** Add received text and return the events it completed. */
  push(text: string): ServerEvent[] {
    this.rest += text
    const done: ServerEvent[] = []
    // A lone CR at the end may be half of CRLF: leave it for the next piece.
    const lines = this.rest.split(/\r\n|\n|\r(?!$)/)
    this.rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === '') this.flush(done)
      else this.line(line)
    }
    return done
  }

  private line(line: string): void {
    const colon = line.indexOf(':')
    if (colon === 0) return // a comment: the heartbeat
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (name === 'data') this.data.push(value)
    else if (name === 'event') this.event = value
    else if (name === 'id' && !value.includes('\0')) this.id = value
  }

  private flush(done: ServerEvent[]): void {
    if (this.data.length > 0) {
      done.push({ id: this.id, event: this.event || 'message', data: this.data.join('\n') })
    }
    this.event = ''
    this.data = []
  }
}
