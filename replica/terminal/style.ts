/** Ways to set text off; plain text where colours are off. */
export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly warning: (text: string) => string
  readonly failure: (text: string) => string
}

const sgr =
  (code: number) =>
  (text: string): string =>
    `\u001b[${code}m${text}\u001b[0m`

const plain = (text: string): string => text

export const colored: Style = { bold: sgr(1), dim: sgr(2), warning: sgr(33), failure: sgr(31) }
export const uncolored: Style = { bold: plain, dim: plain, warning: plain, failure: plain }
