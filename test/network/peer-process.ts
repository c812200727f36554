/** A transport in a process of its own, for tests that kill it: prints its address, then what it sees, a line each. */
import { groupId, groupKey, Recorder, seedOf, silentLogger } from './harness.ts'
import { peerId } from '../../replica/core/model/ids.ts'
import { createLibp2pTransport } from '../../replica/drivers/libp2p-transport.ts'
import { systemClock } from '../../replica/drivers/system-clock.ts'

const [name = 'child', listen = '/ip4/127.0.0.1/tcp/0', known = ''] = process.argv.slice(2)

const transport = await createLibp2pTransport({
  privateKey: seedOf(name),
  groupKeys: { present: groupKey, former: [] },
  groupId,
  listen: [listen],
  mdns: 'off',
  clock: systemClock,
  logger: silentLogger,
  random: Math.random,
})
const seen = new Recorder()
seen.onMessage = (peer, frame) => {
  transport.send(peer, frame, 'ordinary')
}
seen.onGossip = (_peer, frame) => {
  const text = Buffer.from(frame).toString()
  if (!text.startsWith('echo:')) transport.gossip(Buffer.from(`echo:${text}`))
}
await transport.start(seen)
if (known !== '') transport.remember(new Map([[peerId(known.slice(known.lastIndexOf('/') + 1)), [known]]]))
process.stdout.write(`${transport.listenAddresses()[0] ?? ''}\n`)
process.on('SIGTERM', () => {
  void transport.stop().then(() => process.exit(0))
})
