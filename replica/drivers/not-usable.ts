import { QuintetError, reasonOf } from '../core/model/errors.ts'
import { isForWantOfRoom, systemCode } from './file-names.ts'

/** By the system's code: what is the matter, and what helps. */
const reasons: Readonly<Partial<Record<string, string>>> = {
  EACCES: 'this user has no right to it. Run this as its owner, or choose another directory',
  EPERM: 'the system does not allow it. Run this as its owner, or choose another directory',
  EROFS: 'its file system can only be read. Mount it for writing, or choose another directory',
  ENOTDIR: 'there is a file where a directory should be. Choose another name',
  EEXIST: 'there is something else of that name, such as a link that leads nowhere. Choose another name',
  EISDIR: 'there is a directory where a file should be. Move it away',
  ENAMETOOLONG: 'the name is too long for its file system. Choose a shorter one',
  ELOOP: 'its links lead round in a circle. Choose another directory',
  ENOENT: 'nothing can be made there. Choose another directory',
}

/** For `what` could not be done with a directory or a file. DISK_FULL, DIRECTORY_NOT_USABLE. */
export const notUsable = (what: string, error: unknown): QuintetError => {
  if (isForWantOfRoom(error)) return new QuintetError('DISK_FULL', `${what}: the disk is full. Free some room.`)
  const code = systemCode(error)
  const reason = code === null ? undefined : reasons[code]
  return new QuintetError(
    'DIRECTORY_NOT_USABLE',
    reason === undefined ? `${what}: ${reasonOf(error)}` : `${what}: ${reason} (${String(code)}).`,
  )
}
