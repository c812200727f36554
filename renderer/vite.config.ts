import path from 'node:path'
import tailwindcss from '@tailwindcss/vite'
import vue from '@vitejs/plugin-vue'
import type { UserConfig } from 'vite'

/**
 * The window's page, also built alone with `npx vite build --config renderer/vite.config.ts`.
 * Relative URLs and nothing inlined: it is served under `app://` with a strict content security policy.
 */
export default {
  root: import.meta.dirname,
  base: './',
  // A comment beside a component's only element would keep the classes that it is given from that element.
  plugins: [vue({ template: { compilerOptions: { comments: false } } }), tailwindcss()],
  define: {
    __VUE_OPTIONS_API__: 'false',
    __VUE_I18N_FULL_INSTALL__: 'false',
    __VUE_I18N_LEGACY_API__: 'false',
    __INTLIFY_PROD_DEVTOOLS__: 'false',
  },
  build: {
    outDir: path.join(import.meta.dirname, '..', 'out', 'renderer'),
    emptyOutDir: true,
    target: 'chrome140',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
} satisfies UserConfig
