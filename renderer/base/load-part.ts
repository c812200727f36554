const attemptsMost = 3
const restMs = 300

/** A part of the window that comes when it is first needed. One that cannot be had often can be a moment later; rejects when it cannot. */
export const loadPart = async <Part>(load: () => Promise<Part>): Promise<Part> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await load()
    } catch (error) {
      if (attempt >= attemptsMost) throw error
    }
    await new Promise((rested) => setTimeout(rested, restMs * attempt))
  }
}
