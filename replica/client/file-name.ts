import filenamify from 'filenamify'

import { limits } from '../core/model/limits.ts'

/** Shown and written in place of what a file must not be called. */
const replacement = '_'

/**
 * A name that is safe to show and to write on any system, from one that somebody else has chosen: the last part of a path, without
 * what the systems reserve, what turns text round or is not seen, and dots in front, which hide a file.
 */
export const fileName = (name: string): string => {
  const last = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1)
  const safe = filenamify(last.toWellFormed(), { replacement, maxLength: limits.fileNameChars })
  const shown = safe.replace(/^[. ]+/, replacement)
  // An ending that is longer than all of it, or one letter for a name that a system reserves.
  return shown.length <= limits.fileNameChars ? shown : shown.slice(0, limits.fileNameChars).toWellFormed()
}
