/** Height of a list's row: fixed, so that a hundred thousand of them need not be measured. */
export const rowPixels = { comfortable: 80, compact: 52 } as const
