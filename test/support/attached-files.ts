/** A file as a person attaches it. */
export const fileOf = (name: string, bytes: Uint8Array) => ({ name, content: Buffer.from(bytes).toString('base64') })

export const photo = fileOf(
  'photo.jpg',
  new Uint8Array(300_000).map((_, index) => (index * index * 7_919) >> 5),
)
