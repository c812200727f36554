import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { buildApp } from './app/build-app.ts'
import { noDisplay } from './app/display.ts'
import { electronProgram } from './app/electron-runtime.ts'
import { browserCommand, ensureBrowser } from './browser.ts'
import { passwordOf, ReplicaGroup } from './cluster/group.ts'
import { crew } from './demo-corpus.ts'
import { DemoCrew } from './demo-crew.ts'
import { DemoLedger } from './demo-ledger.ts'
import { DemoReport } from './demo-report.ts'
import { DemoVoyage, serverOf } from './demo-voyage.ts'
import { openDemoWindow } from './demo-window.ts'

const allServers = crew.map(serverOf)
const west = [1, 2]
const east = [3, 4, 5]
const unlucky = crew[2]
const crashing = serverOf(unlucky)
const shownProblems = 10
const shownLogLines = 30

const report = new DemoReport()
const ledger = new DemoLedger()

const startCrew = async (directory: string): Promise<{ readonly group: ReplicaGroup; readonly voyage: DemoVoyage }> => {
  report.chapter('Five replicas, no server')
  report.line(`data directories: ${directory}`)
  const group = await ReplicaGroup.create({ directory, name: 'Northern Light', servers: allServers })
  report.line('five replicas run, and all of them see each other')
  const voyage = new DemoVoyage(group, ledger, report)
  await voyage.signUp()
  await group.settled()
  const letters = await voyage.write(allServers, 20)
  await group.settled()
  report.line(`${letters} mails written, and on all five servers`)
  return { group, voyage }
}

const work = async (voyage: DemoVoyage, servers: readonly number[], letters: number): Promise<void> => {
  const sent = await voyage.write(servers, letters)
  const { read, deleted } = await voyage.readAndDelete(servers, 5)
  report.line(`servers ${servers.join(', ')}: ${sent} mails sent, ${read} read, ${deleted} deleted`)
}

/** Split, crash, merge. True when nothing was lost and all agree. */
const sail = async (group: ReplicaGroup, voyage: DemoVoyage): Promise<boolean> => {
  report.chapter('The network splits')
  await group.partition(west, east)
  report.line(`servers ${west.join(', ')} and ${east.join(', ')} cannot reach each other any more`)
  report.views(await statuses(group))
  await Promise.all([work(voyage, west, 20), work(voyage, east, 20)])

  report.chapter(`Server ${crashing} crashes while its people write`)
  const writing = voyage.write(east, 30)
  await voyage.write([crashing], 5)
  const killed = group.kill(crashing)
  report.line(`server ${crashing} is killed (SIGKILL), with ${voyage.underWay} mails on their way in the east`)
  await killed
  const { serverId } = await voyage.clientOf(unlucky).ask('status')
  report.line(`${unlucky.name}'s client goes on at server ${serverId}`)
  await group.restart(crashing)
  report.line(`server ${crashing} runs again, from its own disk`)
  await Promise.all([writing, work(voyage, west, 10)])
  report.line('every mail that was on its way has been accepted')
  await group.sees(west, west)
  await group.sees(east, east)
  report.views(await statuses(group))

  report.chapter('The network merges')
  const began = performance.now()
  await group.heal()
  await group.sees(allServers, allServers)
  report.views(await group.settled())
  report.line(`merged and equal after ${((performance.now() - began) / 1000).toFixed(1)} s`)

  report.chapter('Is everything there?')
  report.line(`${ledger.accepted} mails were accepted, ${ledger.deletions} times one was deleted`)
  const problems = await voyage.audit()
  for (const problem of problems.slice(0, shownProblems)) report.line(`WRONG: ${problem}`)
  if (problems.length > shownProblems) report.line(`WRONG: and ${problems.length - shownProblems} more`)
  const last = await group.settled()
  report.digests(last)
  const isEqual = new Set(last.map(({ digest }) => digest)).size === 1
  report.line(isEqual ? 'five equal states' : 'WRONG: the states differ')
  return isEqual && problems.length === 0
}

const statuses = (group: ReplicaGroup) => Promise.all(allServers.map((server) => group.status(server)))

const runHeadless = async (directory: string): Promise<'done' | 'failed'> => {
  let group: ReplicaGroup | null = null
  try {
    const started = await startCrew(directory)
    group = started.group
    const isRight = await sail(group, started.voyage)
    if (isRight) await group.stop()
    else console.error(await group.logTails(shownLogLines))
    return isRight ? 'done' : 'failed'
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    if (group !== null) console.error(await group.logTails(shownLogLines))
    return 'failed'
  } finally {
    await group?.end()
  }
}

/** Sets the group up and gives the terminal to the first of the crew; all ends when they quit. */
const runInteractive = async (directory: string): Promise<void> => {
  const { group } = await startCrew(directory)
  const [first, ...others] = crew
  report.chapter('Over to you')
  report.line(`you are ${first.name}, at server 1. The others, each from another terminal:`)
  for (const member of others)
    report.line(`  npm run mail -- --data ${group.dataOf(serverOf(member))}   then: u ${member.name}`)
  report.line(
    `passwords: "${passwordOf(first.name)}", and so on. "pause 3 4 5" splits the network, "resume 3 4 5" merges it.`,
  )
  report.line('quit ends the whole group and removes its data\n')
  try {
    const { connectClient } = await import('../replica/connect-client.ts')
    const { localFiles } = await import('../replica/local-files.ts')
    const { runInteractiveTerminal } = await import('../replica/terminal/interactive-terminal.ts')
    const client = await connectClient(group.dataOf(1), null)
    await client.logIn({ name: first.name, password: passwordOf(first.name) })
    await runInteractiveTerminal({ client, files: localFiles, input: process.stdin, output: process.stdout })
  } finally {
    await group.stop()
  }
}

/** A group with a filled mailbox, and the app on server 1; all ends when the app is quit. */
const runWithWindow = async (directory: string): Promise<void> => {
  const tell = (message: string): void => report.line(message)
  if (electronProgram() === null && (await ensureBrowser(tell)) === 'missing')
    throw new Error(`the window needs Electron's runtime or a Chromium; install one: ${browserCommand}`)
  await buildApp(tell)
  report.chapter('Five replicas, no server')
  const group = await ReplicaGroup.create({ directory, name: 'Northern Light', servers: allServers })
  try {
    report.line('five replicas run on this machine, and all of them see each other')
    const people = await DemoCrew.signUp(directory)
    await people.write()
    await group.settled()
    report.line('the crew has signed up and written to each other')
    await people.live()
    report.chapter('Over to you')
    report.line(`you are ${crew[0].name}, at server 1; the others write to you now and then, from servers 2 to 5`)
    report.line('"Split the group" in the window cuts servers 1 and 2 off from the others, "Heal" brings them together')
    report.line('quitting the app ends the whole group and removes its data')
    await openDemoWindow(group)
    await people.end()
  } finally {
    await group.end()
  }
}

const runForPerson = async (directory: string): Promise<void> => {
  const hindrance = noDisplay()
  if (hindrance === null) return runWithWindow(directory)
  console.log(`${hindrance}: this is the terminal client`)
  return runInteractive(directory)
}

const usage = `usage: npm run demo -- [--headless]
Five replicas on this machine, in a temporary directory.
  --headless  splits, crashes and merges the group by itself, checks that nothing is lost, and ends
without it    opens the app on server 1, with a mailbox in use, and a control to split and heal the group
`

const parse = (): { readonly headless?: boolean; readonly help?: boolean } => {
  try {
    const options = { headless: { type: 'boolean' }, help: { type: 'boolean' } } as const
    return parseArgs({ options, strict: true }).values
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}`)
    process.exit(2)
  }
}

const main = async (): Promise<void> => {
  const { headless = false, help = false } = parse()
  if (help) {
    process.stdout.write(usage)
    return
  }
  const directory = await mkdtemp(path.join(tmpdir(), 'quintet-demo-'))
  const remove = (): void => {
    rmSync(directory, { recursive: true, force: true })
  }
  process.once('exit', remove)
  if (!headless) await runForPerson(directory)
  else if ((await runHeadless(directory)) === 'failed') {
    process.off('exit', remove)
    console.error(`\nThe data directories, each with its replica.log, are kept: ${directory}`)
    process.exitCode = 1
  }
}

await main()
