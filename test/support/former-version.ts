import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { root } from '../../build/stages.ts'

const copied = ['replica', 'build', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.base.json']
const codec = path.join('replica', 'wire', 'update-codec.ts')
/** The kinds of the timeline, as they stand in the table of kinds that can be read. */
const timelineKinds = /^ {2}\[\d+, '(?:post|postDeletion|follow)'\],\n/gmu

/**
 * A checkout of this program as it would be had there never been a timeline: a version of before that. Posts and follows are
 * unknown kinds to it, as kinds of the future are to this version. Returns its root.
 */
export const makeFormerVersion = async (directory: string): Promise<string> => {
  const program = path.join(directory, 'former-version')
  await mkdir(program)
  await Promise.all(copied.map((name) => cp(path.join(root, name), path.join(program, name), { recursive: true })))
  await symlink(path.join(root, 'node_modules'), path.join(program, 'node_modules'))
  const text = await readFile(path.join(program, codec), 'utf8')
  const former = text.replaceAll(timelineKinds, '')
  if (text.match(timelineKinds)?.length !== 3) throw new Error(`the kinds of the timeline are not found in ${codec}`)
  await writeFile(path.join(program, codec), former)
  return program
}
