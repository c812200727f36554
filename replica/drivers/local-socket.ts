import { randomBytes } from 'node:crypto'
import { chmod, lstat, mkdir, rm } from 'node:fs/promises'
import { createServer, connect, type Server, type Socket } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { QuintetError } from '../core/model/errors.ts'
import { peerId, type PeerId } from '../core/model/ids.ts'
import type { ClockPort, FrameStream, LoggerPort } from '../host/ports.ts'
import { LinkFrameStream } from './frame-stream.ts'
import { SocketByteStream } from './socket-byte-stream.ts'

/** Of a path, in bytes: the least that a system takes for a socket (macOS; Linux takes 107). */
const pathBytes = 103
const nameBytes = 12

export interface LocalServer {
  /** Where clients of the same user on this machine connect to; null when this machine offers no place for it. */
  readonly path: string | null
  close(): void
}

/**
 * Listens for clients of the same user on this machine: a Unix domain socket in a directory that only its owner can enter, or a named
 * pipe. Its name is made by chance, and is told in a file that only the owner can read. It is not in the data directory, because
 * that may lie too deep for a socket, and copies of it should hold files only. `former`: of an earlier run that may not have
 * ended well; it is used again, because on a full disk nobody could be told of another.
 */
export const listenLocally = async (options: {
  readonly former: string | null
  readonly clock: ClockPort
  readonly logger: LoggerPort
  readonly onClient: (stream: FrameStream) => void
}): Promise<LocalServer> => {
  const { former, clock, logger, onClient } = options
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    const stream = frameStream(socket, peerId('client'), clock, () => sockets.delete(socket))
    onClient(stream)
  })
  try {
    const directory = await ownDirectory()
    const path = await pathIn(directory, former)
    if (Buffer.byteLength(path) > pathBytes) throw new Error(`${path} is too long for a socket`)
    await listening(server, path)
    if (process.platform !== 'win32') await chmod(path, 0o600)
    // Later failures are of single connections, and end those.
    server.on('error', (error) => {
      logger.warn('the local socket failed', { reason: error.message })
    })
    return {
      path,
      close: () => {
        server.close()
        for (const socket of sockets) socket.destroy()
      },
    }
  } catch (error) {
    logger.warn('no local socket: clients on this machine come over the network', { reason: String(error) })
    return { path: null, close: () => undefined }
  }
}

/** Connects to the replica that listens at `path`. UNREACHABLE, TIMEOUT. */
export const connectLocally = async (options: {
  readonly path: string
  readonly peer: PeerId
  readonly clock: ClockPort
  readonly timeoutMs: number
}): Promise<FrameStream> => {
  const { path, peer, clock, timeoutMs } = options
  const socket = connect({ path })
  await new Promise<void>((resolve, reject) => {
    const fail = (error: QuintetError): void => {
      socket.destroy()
      reject(error)
    }
    const cancel = clock.after(timeoutMs, () => {
      fail(new QuintetError('TIMEOUT', `The replica on this machine did not answer within ${timeoutMs} ms.`))
    })
    socket.once('connect', () => {
      cancel()
      resolve()
    })
    socket.once('error', (error) => {
      cancel()
      fail(new QuintetError('UNREACHABLE', `The replica on this machine is not running: ${error.message}.`))
    })
  })
  return frameStream(socket, peer, clock, () => undefined)
}

const frameStream = (socket: Socket, peer: PeerId, clock: ClockPort, onOver: () => void): FrameStream =>
  new LinkFrameStream(new SocketByteStream(socket), peer, clock, onOver)

const listening = (server: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.off('error', reject)
      resolve()
    })
  })

/**
 * That of the earlier run, unless another replica has it now, as one that runs on a copy of the directory. What lies elsewhere is left
 * alone: the file that tells of it may have come from another machine, where that was something else.
 */
const pathIn = async (directory: string, former: string | null): Promise<string> => {
  const fresh = join(directory, `${randomBytes(nameBytes).toString('base64url')}.sock`)
  if (former === null || process.platform === 'win32' || dirname(former) !== directory) return fresh
  if (await mayBeAnswered(former)) return fresh
  await rm(former, { force: true })
  return former
}

/** A replica that is too busy to take one more refuses it otherwise. */
const nobodyThere: ReadonlySet<unknown> = new Set(['ECONNREFUSED', 'ENOENT', 'ENOTSOCK'])

const mayBeAnswered = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ path })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(!nobodyThere.has(error.code))
    })
  })

/** Where only this user can make, see or open a socket. */
const ownDirectory = async (): Promise<string> => {
  if (process.platform === 'win32') return String.raw`\\.\pipe\quintet`
  const { uid } = userInfo()
  const directory = join(tmpdir(), `quintet-${uid}`)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const found = await lstat(directory)
  const isOwn = found.isDirectory() && found.uid === uid && (found.mode & 0o077) === 0
  if (!isOwn) throw new Error(`${directory} is not a directory that only its owner can enter`)
  return directory
}
