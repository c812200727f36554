/** Version of the state image's encoding. */
export const imageFormat = 5
/** What an image begins with in which a chunk is cut into parts; put together again they are one of `imageFormat`. */
export const partedFormat = 6
/** The first of those that are read: it has no tags of mails, posts, and the marks that wait for them. */
export const untaggedFormat = 3
/** The last one in which the clocks of commands are whole, and executions name no command by its place. */
export const fullCommandsFormat = 4

/** What is in the chunks after the first, in this order; each chunk is `[section, items]`. */
export const imageSections = [
  'people',
  'deletedAccounts',
  'accounts',
  'accountKeys',
  'mails',
  'answers',
  'marks',
  'pending',
  'documents',
  'posts',
  'postDeletions',
  'follows',
  'commands',
  'executions',
  'clients',
  'later',
  'checkpoints',
] as const
export type ImageSection = (typeof imageSections)[number]

/** How many entries each section has over all its chunks. */
export type ImageCounts = Readonly<Record<ImageSection, number>>

/** A chunk is closed when it has this many characters of text: about 64 KB. */
export const chunkChars = 65_536
