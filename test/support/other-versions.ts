import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { root } from '../../build/stages.ts'

const copied = ['replica', 'build', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.base.json']
/** The kinds of the timeline, and words that tell when they were said, as they stand in the table of kinds that can be read. */
const laterKinds = /^ {2}\[(?:4\d, '\w+'|24, 'marks'|25, 'document')\],\n/gmu
/** Where a message's fields are written. */
const fields = /\.\.\.fieldsOf\(message\)/gu

interface Difference {
  readonly name: string
  /** In `replica/wire`. */
  readonly file: string
  readonly change: readonly [what: RegExp, places: number, by: string]
}

/**
 * A checkout of this program as it would be had there never been a timeline, and before words told when they were said. Such updates are of
 * unknown kinds to it, as kinds of the future are to this version. Returns its root.
 */
export const makeFormerVersion = (directory: string): Promise<string> =>
  makeVersion(directory, { name: 'former', file: 'update-codec.ts', change: [laterKinds, 6, ''] })

/** As `makeFormerVersion`, but a version to come, whose replicas say more in each message than those of this one know. */
export const makeLaterVersion = (directory: string): Promise<string> =>
  makeVersion(directory, {
    name: 'later',
    file: 'message-codec.ts',
    change: [fields, 1, "...fieldsOf(message), ['news', [7, null]], 7"],
  })

const makeVersion = async (directory: string, { name, file, change }: Difference): Promise<string> => {
  const program = path.join(directory, `${name}-version`)
  await mkdir(program)
  await Promise.all(copied.map((entry) => cp(path.join(root, entry), path.join(program, entry), { recursive: true })))
  await symlink(path.join(root, 'node_modules'), path.join(program, 'node_modules'))
  const codec = path.join(program, 'replica', 'wire', file)
  const text = await readFile(codec, 'utf8')
  const [what, places, by] = change
  if (text.match(what)?.length !== places) throw new Error(`${file} is not as the ${name} version expects it`)
  await writeFile(codec, text.replaceAll(what, by))
  return program
}
