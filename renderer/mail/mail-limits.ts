import type { limits } from '../../replica/core/model/limits.ts'

/** A mail's text with all that is attached to it, in bytes. */
export const mailBytes: (typeof limits)['bodyBytes'] = 1_048_576
export const mailFiles: (typeof limits)['attachments'] = 20
export const subjectChars: (typeof limits)['subjectChars'] = 1_000
