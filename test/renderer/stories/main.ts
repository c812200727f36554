import { FakeQuintet } from '../fake-quintet.ts'

declare global {
  interface Window {
    /** For scripts that make pictures. */
    fake: FakeQuintet
  }
}

const parameters = new URLSearchParams(location.search)
const fake = new FakeQuintet(Number(parameters.get('mails') ?? '10000'))
window.fake = fake
Object.defineProperty(window, 'quintet', { value: fake })
const theme = parameters.get('theme')
const density = parameters.get('density')
const language = parameters.get('language')
await fake.host('changeSettings', {
  settings: { ...(theme && { theme }), ...(density && { density }), ...(language && { language }) },
})
await import('../../../renderer/main.ts')
