const plain = /^[\w@%+=:,./~-]+$/

/** So that a command which is shown can be copied: in quotes where the shell would read `text` as something else. */
export const shellWord = (text: string): string =>
  plain.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
