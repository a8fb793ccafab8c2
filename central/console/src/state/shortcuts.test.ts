import { afterEach, describe, expect, it } from 'vitest'
import { isCommand } from './shortcuts'

function press(key: string, html = '<p></p>', init: KeyboardEventInit = {}): boolean {
  document.body.innerHTML = html
  const target = document.body.querySelector('[data-here]') ?? document.body
  let command = false
  const listen = (event: Event) => (command = isCommand(event as KeyboardEvent))
  document.addEventListener('keydown', listen)
  target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, ...init }))
  document.removeEventListener('keydown', listen)
  return command
}
afterEach(() => (document.body.innerHTML = ''))

describe('a key press', () => {
  it('on the page is a command', () => {
    expect(press('j')).toBe(true)
  })
  it.each(['<input data-here>', '<textarea data-here></textarea>', '<select data-here></select>'])(
    'in %s is text',
    (html) => {
      expect(press('c', html)).toBe(false)
    },
  )
  it('with Control belongs to the browser', () => {
    expect(press('c', '<p></p>', { ctrlKey: true })).toBe(false)
  })
  it('while a question is open answers that question', () => {
    expect(press('r', '<dialog open></dialog>')).toBe(false)
  })
  it('of Enter on a focused button presses the button, another letter is a command', () => {
    expect(press('Enter', '<button data-here></button>')).toBe(false)
    expect(press('j', '<button data-here></button>')).toBe(true)
  })
  it('on the clip’s slider is still a command', () => {
    expect(press('o', '<input type="range" data-here>')).toBe(true)
  })
})
