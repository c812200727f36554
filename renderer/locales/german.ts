import { account } from './de/account.ts'
import { common } from './de/common.ts'
import { errors } from './de/errors.ts'
import { firstRun } from './de/first-run.ts'
import { mail } from './de/mail.ts'
import { network } from './de/network.ts'
import { people } from './de/people.ts'
import { settings } from './de/settings.ts'
import { shell } from './de/shell.ts'
import { timeline } from './de/timeline.ts'
import type { Messages } from './messages.ts'

export const german: Messages = { account, common, errors, firstRun, mail, network, people, settings, shell, timeline }
