import { describe, expect, it } from 'vitest'
import { detail, evidence } from '@/testing/builders'
import { footage, stills } from './evidence'

describe('what is played', () => {
  it('is the original where browsers can play it', () => {
    const clip = evidence()
    const copy = evidence({ evidence_id: 'e-2', kind: 'playback' })
    expect(footage(detail({ evidence: [copy, clip] }))).toEqual({
      play: clip,
      original: clip,
      derived: false,
    })
  })
  it('is the marked copy where they cannot, and says that it is one', () => {
    const clip = evidence({ playable: false, codec: 'hevc' })
    const copy = evidence({ evidence_id: 'e-2', kind: 'playback' })
    expect(footage(detail({ evidence: [clip, copy] }))).toEqual({
      play: copy,
      original: clip,
      derived: true,
    })
  })
  it('is nothing while the clip is still arriving', () => {
    const clip = evidence({ state: 'partial', received_bytes: 10, url: null })
    expect(footage(detail({ evidence: [clip] })).play).toBeNull()
  })
})

it('stills stand in the order of the act', () => {
  const shot = (label: string) => evidence({ evidence_id: label, kind: 'still', label })
  const shown = stills(
    detail({
      evidence: [
        shot('past_line'),
        shot('extra'),
        evidence(),
        shot('before_line'),
        shot('on_line'),
      ],
    }),
  )
  expect(shown.map((item) => item.label)).toEqual(['before_line', 'on_line', 'past_line', 'extra'])
})
