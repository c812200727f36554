import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Mutator } from './mutator.ts'
import type { FuzzTarget } from './targets.ts'

const corpusFolder = fileURLToPath(new URL('corpus', import.meta.url))
/** A single input that holds the process for so long is a finding. */
const longestMs = 2_000
const microsPerMs = 1_000
const keptBytes = 4_096
const keptInputs = 120

export interface Finding {
  readonly target: string
  readonly input: Uint8Array
  readonly problem: string
}

/** Inputs that once brought a door to something that no other had: every run begins with them. */
export const corpusOf = async ({ name }: FuzzTarget): Promise<readonly Uint8Array[]> => {
  const text = await readFile(path.join(corpusFolder, `${name}.json`), 'utf8').catch(() => '[]')
  return (JSON.parse(text) as readonly string[]).map((input) => new Uint8Array(Buffer.from(input, 'base64')))
}

export const keepCorpus = async ({ name }: FuzzTarget, inputs: readonly Uint8Array[]): Promise<void> => {
  await mkdir(corpusFolder, { recursive: true })
  const texts = inputs.slice(0, keptInputs).map((input) => Buffer.from(input).toString('base64'))
  await writeFile(path.join(corpusFolder, `${name}.json`), `${JSON.stringify(texts, null, 2)}\n`)
}

/** One door under attack: what is new there joins the inputs that others are made from. */
export class Fuzzing {
  readonly target: FuzzTarget
  readonly #mutator: Mutator
  readonly #outcomes = new Set<string>()
  readonly #inputs: Uint8Array[] = []
  readonly #corpus: Uint8Array[] = []
  count = 0

  private constructor(target: FuzzTarget, seed: number) {
    this.target = target
    this.#mutator = new Mutator(seed)
  }

  /** Runs the corpus and the seeds first. Gives what was found in them, too. */
  static async begin(
    target: FuzzTarget,
    seed: number,
  ): Promise<{ readonly fuzzing: Fuzzing; readonly findings: readonly Finding[] }> {
    const fuzzing = new Fuzzing(target, seed)
    const findings: Finding[] = []
    const corpus = await corpusOf(target)
    for (const input of corpus) {
      const finding = await fuzzing.#try(input)
      if (finding !== null) findings.push(finding)
      fuzzing.#corpus.push(input)
    }
    for (const input of await target.seeds()) {
      fuzzing.#inputs.push(input)
      const finding = await fuzzing.#try(input)
      if (finding !== null) findings.push(finding)
    }
    return { fuzzing, findings }
  }

  get corpus(): readonly Uint8Array[] {
    return this.#corpus
  }

  get outcomes(): number {
    return this.#outcomes.size
  }

  /** Tries one more input. */
  async step(): Promise<Finding | null> {
    const input = this.#mutator.next(this.#inputs)
    const before = this.#outcomes.size
    const finding = await this.#try(input)
    if (this.#outcomes.size > before && input.length <= keptBytes) this.#corpus.push(input)
    return finding
  }

  async #try(input: Uint8Array): Promise<Finding | null> {
    this.count += 1
    // A process that others keep from the processor is not slow.
    const began = process.cpuUsage()
    try {
      const outcome = await this.target.run(input)
      if (!this.#outcomes.has(outcome)) {
        this.#outcomes.add(outcome)
        this.#inputs.push(input)
      }
    } catch (error) {
      const problem = error instanceof Error ? (error.stack ?? error.message) : String(error)
      return { target: this.target.name, input, problem }
    }
    const { user, system } = process.cpuUsage(began)
    const tookMs = (user + system) / microsPerMs
    return tookMs < longestMs ? null : { target: this.target.name, input, problem: `it took ${Math.round(tookMs)} ms` }
  }
}
