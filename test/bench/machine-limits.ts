import { open, readdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { JsonProcess } from '../../build/cluster/json-process.ts'

const recordBytes = 1_200
const appendForMs = 300
const sentBytes = 67_108_864
const sendBytes = 65_536
const streamWithinMs = 30_000
const protocol = '/quintet-bench/raw/1'

/** What the disk gives: records of 1.2 KB a second when every `recordsAnFsync` of them are appended and fsynced together. */
export const durableAppendsASecond = async (directory: string, recordsAnFsync: number): Promise<number> => {
  const name = path.join(directory, 'append-limit')
  const file = await open(name, 'a')
  try {
    const chunk = Buffer.alloc(recordBytes * recordsAnFsync, 'x')
    const began = performance.now()
    let records = 0
    while (performance.now() - began < appendForMs) {
      await file.write(chunk)
      await file.datasync()
      records += recordsAnFsync
    }
    return (records * 1_000) / (performance.now() - began)
  } finally {
    await file.close()
    await rm(name)
  }
}

/** What a libp2p stream (tcp, noise, yamux) carries to another process on loopback with 64 KB sends. */
export const rawStreamBytesASecond = async (): Promise<number> => {
  const sink = new JsonProcess({ script: 'test/bench/stream-sink.ts', args: [protocol, String(sentBytes)] })
  const node = await createLibp2p({ transports: [tcp()], connectionEncrypters: [noise()], streamMuxers: [yamux()] })
  try {
    const addressOf = (): string | null => {
      const address = sink.lines[0]?.['address']
      return typeof address === 'string' ? address : null
    }
    const address = await sink.until(addressOf, streamWithinMs, 'a raw stream')
    const stream = await node.dialProtocol(multiaddr(address), protocol)
    const answered = new Promise((resolve) => stream.addEventListener('message', resolve, { once: true }))
    const chunk = new Uint8Array(sendBytes)
    const began = performance.now()
    for (let sent = 0; sent < sentBytes; sent += sendBytes) {
      if (stream.send(chunk)) continue
      await new Promise((resolve) => stream.addEventListener('drain', resolve, { once: true }))
    }
    await answered
    return (sentBytes * 1_000) / (performance.now() - began)
  } finally {
    await node.stop()
    sink.signal('SIGKILL')
  }
}

/** Seconds to read every file under `directory` and to JSON.parse each of its lines. */
export const parseSeconds = async (directory: string): Promise<number> => {
  const began = performance.now()
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const text = await readFile(path.join(entry.parentPath, entry.name), 'utf8')
    for (const line of text.split('\n')) if (line !== '') JSON.parse(line)
  }
  return (performance.now() - began) / 1_000
}
