import { describe, expect, test } from 'vitest'
import type { ByteStream, ByteStreamListener } from '../../replica/drivers/byte-stream.ts'
import { FrameLink } from '../../replica/drivers/frame-link.ts'
import { frameHeaderBytes, frameTags, writeFrameHeader } from '../../replica/drivers/frames.ts'

const nothing = (): void => undefined
const tickMs = 250

/** A stream, and the link over it, with time that goes on when it is told to. */
class Line implements ByteStream {
  isOpen = true
  readonly canSend = true
  arrivedBytes = 0
  end: string | null = null
  readonly sent: Uint8Array[] = []
  readonly roundTripMs: number
  readonly #link: FrameLink
  #listener: ByteStreamListener | null = null
  #tick = nothing

  constructor(roundTripMs = 0) {
    this.roundTripMs = roundTripMs
    const clock = {
      nowMs: () => 0,
      after: () => nothing,
      every: (_ms: number, tick: () => void) => {
        this.#tick = tick
        return nothing
      },
    }
    this.#link = new FrameLink(this, clock, 1_024, {
      data: nothing,
      control: nothing,
      over: (_end, reason) => {
        this.end = reason
      },
    })
  }

  listen(listener: ByteStreamListener): void {
    this.#listener = listener
  }

  /** `arriving`: bytes in each tick, of which none can be read. */
  pass(ms: number, arriving: number): void {
    for (let passed = 0; passed < ms && !this.#link.isOver; passed += tickMs) {
      this.arrivedBytes += arriving
      this.#tick()
    }
  }

  ping(): void {
    const frame = new Uint8Array(frameHeaderBytes)
    writeFrameHeader(frame, 0, frameTags.ping, 0)
    this.#listener?.read([frame])
  }

  send(chunk: Uint8Array): void {
    this.sent.push(chunk)
  }

  /** What the other side answers to the ping that was sent as this number. */
  answer(index: number): void {
    const pong = this.sent[index]?.slice() ?? new Uint8Array(frameHeaderBytes)
    writeFrameHeader(pong, 0, frameTags.pong, pong.length - frameHeaderBytes)
    this.#listener?.read([pong])
  }

  get lagMs(): number | null {
    return this.#link.lagMs
  }

  pause(): void {
    // Nothing comes anyway.
  }

  resume(): void {
    // As above.
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  abort(): void {
    this.isOpen = false
  }
}

describe('a stream between replicas', () => {
  test('is over when nothing at all has come for 2.5 s', () => {
    const line = new Line()
    line.pass(2_250, 0)
    expect(line.end).toBeNull()
    line.pass(250, 0)
    expect(line.end).toBe('nothing was heard for 2500 ms')
  })

  test('is not over while bytes come of which none can be read yet', () => {
    const line = new Line()
    line.pass(100_000, 100)
    line.ping()
    line.pass(100_000, 100)
    expect(line.end).toBeNull()
  })

  test('is over when it is others alone that are heard on its connection', () => {
    const line = new Line()
    line.pass(130_000, 100)
    expect(line.end).toBe('nothing was heard for 2500 ms')
  })

  test('bears with silence for longer where the way is long, and for no longer where it is short', () => {
    const [near, far] = [new Line(90), new Line(700)]
    for (const line of [near, far]) line.pass(2_500, 0)
    expect([near.end, far.end]).toEqual(['nothing was heard for 2500 ms', null])
    // What was lost on a way of 700 ms there and back has come by then, even if it was lost twice.
    far.pass(3_250, 0)
    expect(far.end).toBeNull()
    far.pass(1_000, 0)
    expect(far.end).toBe('nothing was heard for 6000 ms')
  })

  test('measures the way by the answer to the very ping that it measures: on a long one others are under way', async () => {
    const line = new Line()
    for (const ms of [250, 1_000]) {
      line.pass(ms, 1)
      await Promise.resolve()
    }
    expect(line.sent.length).toBeGreaterThan(1)
    line.answer(1)
    expect(line.lagMs).toBeNull()
    line.answer(0)
    expect(line.lagMs).not.toBeNull()
  })
})
