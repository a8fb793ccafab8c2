import { describe, expect, it } from 'vitest'
import { reasonText } from './reasons'
import sentences from './reasons.json'

const SILENT = 'rtsp://10.0.0.7:554/live: connected but silent for 10 s; check camera and network'
const GONE = "clip: the camera's packets of that time are no longer kept"

describe('a reason that a box gives', () => {
  it('is read in Vietnamese, with what the box filled in', () => {
    expect(reasonText(SILENT, 'vi')).toBe(
      'rtsp://10.0.0.7:554/live: đã kết nối nhưng không có tín hiệu trong 10 giây; kiểm tra camera và mạng',
    )
  })
  it('stays as it came in English', () => expect(reasonText(SILENT, 'en')).toBe(SILENT))
  it('that is unknown is shown as it came', () => {
    expect(reasonText('something new', 'vi')).toBe('something new')
    expect(reasonText('', 'vi')).toBe('')
  })
  it('stands beside others, each on its own', () => {
    const text = reasonText(
      `${GONE}; something new; cannot write a.mp4: full; check the disk`,
      'vi',
    )
    expect(text).toBe(
      'video: thiết bị không còn giữ dữ liệu camera của thời điểm đó; something new; ' +
        'không ghi được a.mp4: full; kiểm tra ổ đĩa của thiết bị',
    )
  })
})

describe('every known sentence', () => {
  const slots = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort()
  it.each(sentences)('has the same slots in both languages: $en', ({ en, vi }) => {
    expect(slots(vi)).toEqual(slots(en))
    expect(vi).toBe(vi.normalize('NFC'))
    const filled = (text: string) => text.replace(/\{\w+\}/g, '7')
    expect(reasonText(filled(en), 'vi')).toBe(filled(vi))
  })
})
