import { QuintetError } from '../../replica/core/model/errors.ts'

/** The code with which it fails. */
export const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
    return 'no failure'
  } catch (error) {
    return error instanceof QuintetError ? error.code : String(error)
  }
}
