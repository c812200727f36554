/** The other end of the raw stream that others are compared with: counts what comes, answers a byte when it has all. */
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'

const [protocol = '', wanted = '0'] = process.argv.slice(2)
const node = await createLibp2p({
  addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
})
await node.handle(protocol, (stream) => {
  let bytes = 0
  stream.addEventListener('message', ({ data }) => {
    bytes += data.byteLength
    if (bytes >= Number(wanted)) stream.send(new Uint8Array(1))
  })
})
process.stdout.write(`${JSON.stringify({ address: String(node.getMultiaddrs()[0]) })}\n`)
