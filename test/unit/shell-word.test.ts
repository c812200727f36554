import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

import { shellWord } from '../../replica/shell-word.ts'

const paths = ['/home/ann/.quintet', '~/quintet', 'my mail/ü', "Ann's", '$HOME `x` "y"', 'a\\b', '', 'two\nlines']

test.each(paths)('a command that is shown and copied has the path that is meant: %j', (path) => {
  const word = shellWord(path)
  if (path === '~/quintet') expect(word).toBe(path)
  else expect(execFileSync('sh', ['-c', `printf %s ${word}`], { encoding: 'utf8' })).toBe(path)
})
