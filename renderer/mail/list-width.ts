/** CSS pixels: a list that is narrower tells nothing, and so much is left to the open mail. */
export const listWidths = { least: 272, leftForMail: 360 } as const

/** The widest that the list may be beside an open mail, where both have `pixels`. */
export const listMost = (pixels: number): number =>
  Math.max(listWidths.least, Math.round(pixels) - listWidths.leftForMail)

export const widthWithin = (pixels: number, most: number): number =>
  Math.round(Math.min(Math.max(pixels, listWidths.least), most))
