import { parseArgs } from 'node:util'
import { type Finding, Fuzzing, keepCorpus } from './fuzzing.ts'
import { fuzzTargets } from './targets.ts'

const usage = `Throws made-up bytes at every door that bytes from outside come to.
  --minutes N    how long in all (default 1)
  --seed S       the same inputs for the same seed (default: another one each time)
  --target NAME  only this door: ${fuzzTargets.map(({ name }) => name).join(', ')}
  --keep         add inputs that were treated as none before to test/fuzz/corpus`

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    target: { type: 'string' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const minutes = Number(values.minutes)
const seed = Number(values.seed)
const targets = fuzzTargets.filter(({ name }) => values.target === undefined || name === values.target)
if (values.help || targets.length === 0 || !(minutes > 0) || !Number.isSafeInteger(seed)) {
  console.error(usage)
  process.exit(values.help ? 0 : 2)
}

const msPerMinute = 60_000
const shownChars = 4_000
const found: Finding[] = []
console.log(`seed ${seed}, ${targets.length} doors, ${minutes} minutes`)
for (const target of targets) {
  const endMs = performance.now() + (minutes * msPerMinute) / targets.length
  const { fuzzing, findings } = await Fuzzing.begin(target, seed)
  found.push(...findings)
  while (performance.now() < endMs) {
    const finding = await fuzzing.step()
    if (finding !== null) found.push(finding)
  }
  if (values.keep) await keepCorpus(target, fuzzing.corpus)
  console.log(`${target.name}: ${fuzzing.count} inputs, ${fuzzing.outcomes} outcomes`)
}
for (const { target, input, problem } of found.slice(0, 10)) {
  console.log(`\n${target}: ${problem}\n${Buffer.from(input).toString('base64').slice(0, shownChars)}`)
}
console.log(`inputs that were not treated as they should be: ${found.length}`)
process.exit(found.length === 0 ? 0 : 1)
