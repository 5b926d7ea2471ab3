// What the public tests are expected to find, where that is not "all is well".

/** Required tests whose answer Fareway gives on purpose, with the reason. */
export const ON_PURPOSE = {}

/** Tests of `kind: optimal` that must pass, at least. */
export const OPTIMAL_MIN = 0

const KINDS = ['required', 'optimal', 'check']

/** `required`, `optimal` (worth having), or `check` (neither right nor wrong). */
export function kindOf (test) {
  return KINDS.includes(test.kind) ? test.kind : 'required'
}

/**
 * What a result says of a test: `pass`, `fail`, or `no` where something it builds on is not so (a
 * set-up that the cache is not obliged to, or a test it depends on).
 */
export function verdict (test, results) {
  const result = results[test.id]
  const builds = (test.depends_on || []).every(id => results[id] === true)
  if (result === true) return 'pass'
  if (result && result[0] === 'Setup') return 'no'
  return builds ? 'fail' : 'no'
}
