import type { Serve } from '../../replica/core/effects.ts'
import type { PeerId, Sequence } from '../../replica/core/model/ids.ts'
import type {
  MailRequestMessage,
  Message,
  RequestMessage,
  StateRequestMessage,
} from '../../replica/core/model/messages.ts'
import type { Update } from '../../replica/core/model/updates.ts'
import { isProven } from '../../replica/wire/batch-codec.ts'
import { encodeImage } from '../../replica/wire/image-encode.ts'
import * as checks from './checks.ts'
import { habits } from './habits.ts'
import type { Machine } from './machine.ts'
import { context } from './sim-wire.ts'

const longestServeMs = 15

interface KeptImage {
  readonly id: number
  readonly chunks: readonly string[]
}

/** Answers other replicas' requests from the disk, beside the steps, in order for each peer. */
export class MachineServer {
  readonly #machine: Machine
  readonly #images = new Map<PeerId, KeptImage>()
  readonly #readyMs = new Map<PeerId, number>()
  #lastImage = 0

  constructor(machine: Machine) {
    this.#machine = machine
  }

  reset(): void {
    this.#images.clear()
    this.#readyMs.clear()
  }

  forget(peer: PeerId): void {
    this.#images.delete(peer)
  }

  serve(task: Serve): void {
    const { timeline, random } = this.#machine.world
    const { peer } = task
    const ready = Math.max(this.#readyMs.get(peer) ?? 0, timeline.nowMs + random.next() * longestServeMs)
    this.#readyMs.set(peer, ready)
    this.#machine.later(ready - timeline.nowMs, () => {
      if (!('held' in task) && task.request.kind === 'stateRequest') {
        const { request } = task
        // An image is of what is durable: taken between two steps.
        const answer = (): void => this.#machine.send(peer, this.#state(peer, request), 'ordinary')
        if (habits.images === 'between steps') this.#machine.whenIdle(answer)
        else answer()
      } else {
        this.#machine.send(peer, this.#answer(task), 'ordinary')
      }
    })
  }

  #answer(task: Serve): Message {
    if ('held' in task) return this.#batches(task.request, task.held)
    if (task.request.kind === 'mailRequest') return this.#mails(task.request)
    return this.#state(task.peer, task.request)
  }

  #batches({ id, origin, after }: RequestMessage, held: Sequence): Message {
    const { disk, world } = this.#machine
    const found = after < held ? disk.readBatches(origin, after, world.settings.chunkBytes) : []
    // As the host does: an answer ends with a batch whose own signature holds.
    const whole = found.filter(({ last }) => last <= held)
    const batches = whole.slice(0, whole.findLastIndex((batch) => isProven(context, batch)) + 1)
    if (batches.length === 0 && after < held) {
      world.coverage.note('range discarded')
      return { kind: 'discarded', id, origin }
    }
    world.coverage.note('batches served')
    if ((batches.at(-1)?.last ?? held) < held) world.coverage.note('served in several chunks')
    return { kind: 'batches', id, batches }
  }

  #mails({ id, origin, sequences }: MailRequestMessage): Message {
    const { disk, world } = this.#machine
    const updates: Update[] = []
    let bytes = 0
    let covered = 0
    for (const sequence of sequences) {
      const update = disk.readUpdate(origin, sequence)
      if (update !== null && bytes > 0 && bytes + update.bytes.length > world.settings.chunkBytes) break
      covered = sequence
      if (update === null) continue
      updates.push(update)
      bytes += update.bytes.length
    }
    world.coverage.add('mails fetched', updates.length)
    return { kind: 'mails', id, origin, covered, updates }
  }

  #state(peer: PeerId, { image, index }: StateRequestMessage): Message {
    if (index === 0) {
      this.#lastImage += 1
      const state = this.#machine.core.state.image()
      checks.imageTaken(this.#machine, state)
      const { liar } = this.#machine.world
      const chunks = encodeImage(state)
      const shown = liar?.machine === this.#machine ? liar.image(chunks) : chunks
      this.#images.set(peer, { id: this.#lastImage, chunks: shown })
    }
    const kept = this.#images.get(peer)
    const chunk = kept?.chunks[index]
    if (kept === undefined || chunk === undefined || (index > 0 && kept.id !== image)) {
      return { kind: 'stateChunk', image: 0, index, count: 0, chunk: '' }
    }
    if (index === kept.chunks.length - 1) this.#images.delete(peer)
    return { kind: 'stateChunk', image: kept.id, index, count: kept.chunks.length, chunk }
  }
}
