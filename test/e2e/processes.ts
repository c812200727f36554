import { readdir, readFile } from 'node:fs/promises'

/** Processes whose command line names `text`. */
export const processesOf = async (text: string): Promise<readonly number[]> => {
  const found: number[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (command.includes(text)) found.push(Number(pid))
  }
  return found
}
