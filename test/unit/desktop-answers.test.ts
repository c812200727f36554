import * as v from 'valibot'
import { describe, expect, test, vi } from 'vitest'
import { answer, failureOf } from '../../electron/ipc/answers.ts'
import { fail, QuintetError } from '../../replica/core/model/errors.ts'

describe('what the window asks of the program', () => {
  const schemas = { open: v.strictObject({ name: v.string(), password: v.optional(v.string()) }) }
  const carryOut = vi.fn((_method: string, request: unknown) => Promise.resolve(request))
  const refused = { ok: false, failure: { code: 'BAD_REQUEST' } }

  test('is carried out where the method is known and its arguments fit, and an open field is as if it were absent', async () => {
    const request = { name: 'ada', password: undefined }
    expect(await answer(schemas, carryOut, 'open', request)).toEqual({ ok: true, value: { name: 'ada' } })
    expect(carryOut.mock.calls).toEqual([['open', { name: 'ada' }]])
  })

  test('is refused, and nothing is done, where it is anything else; what was given is not said again', async () => {
    carryOut.mockClear()
    for (const method of ['close', 'toString', '__proto__', '', null, ['open']])
      expect(await answer(schemas, carryOut, method, { name: 'ada' })).toMatchObject(refused)
    for (const request of [null, undefined, [], 'ada', {}, { name: 1 }, { name: 'ada', more: 1 }])
      expect(await answer(schemas, carryOut, 'open', request)).toMatchObject(refused)
    const secret = await answer(schemas, carryOut, 'open', { name: ['a secret'], password: 7 })
    expect(JSON.stringify(secret)).toMatch(/name \(string\), password \(string\)/u)
    expect(JSON.stringify(secret)).not.toContain('secret')
    expect(carryOut).not.toHaveBeenCalled()
  })

  test('gets the failure as it is', async () => {
    const failure = { code: 'WRONG_PASSWORD', message: 'It is another one.' } as const
    const fails = () => Promise.reject(new QuintetError(failure.code, failure.message))
    expect(await answer(schemas, fails, 'open', { name: 'ada' })).toEqual(fail(failure.code, failure.message))
  })

  test('says that the disk is full, and not that something unforeseen went wrong', () => {
    const coded = (code: string): string => failureOf(Object.assign(new Error('write'), { code })).code
    expect(['ENOSPC', 'EDQUOT', 'EACCES'].map(coded)).toEqual(['DISK_FULL', 'DISK_FULL', 'INTERNAL'])
    expect(failureOf(new Error('anything else'))).toEqual({ code: 'INTERNAL', message: 'anything else' })
    expect(failureOf('ENOSPC').code).toBe('INTERNAL')
  })
})
