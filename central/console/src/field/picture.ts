/**
 * Photos as the centre takes them: drawn anew, so that place, device and thumbnail stay on the phone,
 * and no larger than a slow line carries.
 */

/** Longest side, pixels: a number plate across a street is still read. */
const LONGEST_PX = 1920
const QUALITIES = [0.85, 0.7, 0.5]
/** What the centre accepts. */
export const MAX_BYTES = 5_000_000

/** The size at which a picture is drawn: never larger than it was. */
export function fit(width: number, height: number, longest = LONGEST_PX): [number, number] {
  const ratio = Math.min(1, longest / Math.max(width, height))
  return [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))]
}

export interface Picture {
  photo: Blob
  sha256: string
}

/** Draw a photo anew. Rejects where the file is no picture. */
export async function redraw(file: Blob): Promise<Picture> {
  const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' })
  const [width, height] = fit(bitmap.width, bitmap.height)
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0, width, height)
  bitmap.close()
  for (const quality of QUALITIES) {
    const photo = await encoded(canvas, quality)
    if (photo.size <= MAX_BYTES) return { photo, sha256: await hashOf(photo) }
  }
  throw new Error('the photo stays too large')
}

function encoded(canvas: HTMLCanvasElement, quality: number): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error('no picture'))),
      'image/jpeg',
      quality,
    )
  })
}

/** SHA-256 in hex, as the centre states it. */
export async function hashOf(blob: Blob): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', await blob.arrayBuffer())
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
