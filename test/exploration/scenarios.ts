import { copyScenarios } from './copy-scenarios.ts'
import { groupScenarios } from './group-scenarios.ts'
import { mailScenarios } from './mail-scenarios.ts'
import type { Scenario } from './scenario.ts'
import { splitScenarios } from './split-scenarios.ts'

export const scenarios: Readonly<Record<string, Scenario>> = {
  ...mailScenarios,
  ...groupScenarios,
  ...copyScenarios,
  ...splitScenarios,
}
