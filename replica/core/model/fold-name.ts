/** Names that differ only in case or compatibility form are one name. */
export const foldName = (name: string): string => name.normalize('NFKC').toLowerCase()
