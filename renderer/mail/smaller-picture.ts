const pictures: ReadonlySet<string> = new Set(['image/jpeg', 'image/png', 'image/webp'])
/** Of the longer side, in pixels: one after the other is tried. */
const sides = [2_048, 1_600, 1_200, 900, 640] as const
const quality = 0.82

/** A photograph or picture as a JPEG of at most so many bytes; null for what is no picture, or is small enough only as it is. */
export const smallerPicture = async (file: File, mostBytes: number): Promise<File | null> => {
  if (!pictures.has(file.type)) return null
  const picture = await createImageBitmap(file).catch(() => null)
  if (picture === null) return null
  try {
    for (const side of sides) {
      const drawn = await drawnAt(picture, side)
      if (drawn.size <= mostBytes) return new File([drawn], renamed(file.name), { type: drawn.type })
    }
    return null
  } finally {
    picture.close()
  }
}

const drawnAt = (picture: ImageBitmap, side: number): Promise<Blob> => {
  const scale = Math.min(1, side / Math.max(picture.width, picture.height))
  const [width, height] = [picture.width, picture.height].map((length) => Math.max(1, Math.round(length * scale)))
  const canvas = new OffscreenCanvas(width ?? 1, height ?? 1)
  const context = canvas.getContext('2d')
  if (context === null) throw new Error('This window cannot draw.')
  // What is transparent would be black.
  context.fillStyle = 'white'
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.drawImage(picture, 0, 0, canvas.width, canvas.height)
  return canvas.convertToBlob({ type: 'image/jpeg', quality })
}

const renamed = (name: string): string => `${name.replace(/\.[^.]*$/, '')}.jpg`
