/** For tools that read TypeScript only; vue-tsc looks into the files themselves. */
declare module '*.vue' {
  import type { DefineComponent } from 'vue'

  export const component: DefineComponent<object, object, unknown>
  export { component as default }
}
