import { styleText } from 'node:util'
import type { GroupStatus } from './cluster/mail-process.ts'

const timeColumns = 6
const digestColumns = 16

/** Prints what happens as it happens, each line with the seconds since the beginning. */
export class DemoReport {
  readonly #began = performance.now()

  chapter(title: string): void {
    console.log(`\n${styleText('bold', title)}`)
  }

  line(text: string): void {
    const seconds = ((performance.now() - this.#began) / 1000).toFixed(1).padStart(timeColumns)
    console.log(`${styleText('dim', `${seconds} s`)}  ${text}`)
  }

  /** What each server sees and holds. */
  views(statuses: readonly GroupStatus[]): void {
    this.#table(
      ['server', 'view', 'sees', 'mails', 'updates'],
      statuses.map(({ serverId, view, mails, vector }) => [
        String(serverId),
        String(view.number),
        view.servers.join(' '),
        String(mails),
        String(Object.values(vector).reduce((sum, held) => sum + held, 0)),
      ]),
    )
  }

  /** The replicated states side by side. */
  digests(statuses: readonly GroupStatus[]): void {
    this.#table(
      ['server', 'accounts', 'mails', 'state digest'],
      statuses.map(({ serverId, accounts, mails, digest }) => [
        String(serverId),
        String(accounts),
        String(mails),
        digest.slice(0, digestColumns),
      ]),
    )
  }

  #table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    const all = [head, ...rows]
    const widths = head.map((_title, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
    const indent = ' '.repeat(timeColumns + 4)
    for (const [index, row] of all.entries()) {
      const text = row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   ')
      console.log(indent + (index === 0 ? styleText('dim', text) : text).trimEnd())
    }
  }
}
