import { QuintetError } from '../core/model/errors.ts'
import type { Sitting } from './command.ts'

/** BAD_REQUEST unless the person types `yes`. */
export const confirm = async ({ screen }: Sitting, question: string): Promise<void> => {
  const answer = await screen.question(`${question} (yes/no) `)
  if (answer.trim().toLowerCase() !== 'yes') throw new QuintetError('BAD_REQUEST', 'Left as it was.')
}
