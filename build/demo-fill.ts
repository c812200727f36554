import { DemoCrew } from './demo-crew.ts'

/** Fills the group whose five data directories are in the folder given as the demonstration does. */
const [folder] = process.argv.slice(2)
if (folder === undefined) {
  process.stderr.write('usage: node build/run.cjs build/demo-fill.ts FOLDER\n')
  process.exit(2)
}
const crew = await DemoCrew.signUp(folder)
await crew.write()
await crew.end()
