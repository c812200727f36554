import { describeStorage } from './storage.ts'
import { describeDirectory, makeDirectory } from './storage-files.ts'

describeStorage('NeDB in a directory', async () => describeDirectory(await makeDirectory()))
