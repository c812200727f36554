/** Behind the name by which somebody was known whose account is deleted. Nobody can be called so: "~" is in no name, and only numbers follow it in labels. */
const mark = '~deleted'

/** What a deleted account is called by those who knew it: whoever has got the name since is told from it. */
export const deletedName = (name: string): string => `${name}${mark}`

/** Whether this is no name of an account that is there. Empty: nobody here knew it. */
export const isDeletedName = (name: string): boolean => name === '' || name.endsWith(mark)

/** The name that the account had, empty where nobody here knew it. */
export const nameBeforeDeletion = (name: string): string => (name.endsWith(mark) ? name.slice(0, -mark.length) : name)
