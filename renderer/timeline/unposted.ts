import { defineStore } from 'pinia'
import { ref } from 'vue'

/** What is written of a post: a look at another page does not throw it away. */
export const useUnposted = defineStore('unposted', () => {
  const words = ref('')
  return { words }
})
