import path from 'node:path'
import rendererConfig from '../../../renderer/vite.config.ts'

/** The window on a mailbox in memory: `npx vite build --config test/renderer/stories/vite.config.ts`. */
export default {
  ...rendererConfig,
  root: import.meta.dirname,
  build: {
    ...rendererConfig.build,
    outDir: path.join(import.meta.dirname, '..', '..', '..', 'out', 'stories'),
    target: 'esnext',
  },
}
