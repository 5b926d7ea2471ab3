// What the public tests are expected to find, where that is not "all is well".

const COOKIE = 'what sets a cookie is for one client and never kept'

/** Required tests whose answer Fareway gives on purpose, with the reason. */
export const ON_PURPOSE = {
  'headers-store-Set-Cookie': COOKIE,
  'headers-store-Set-Cookie2': COOKIE,
  '304-etag-update-response-Set-Cookie': COOKIE,
  '304-etag-update-response-Set-Cookie2': COOKIE,
  'age-parse-prefix': 'its name says "stale", its check says "fresh"; an Age that is a list counts as too old'
}

/**
 * Tests in which the server breaks off and the stored answer must not be given. They take an answer
 * of the front door itself for a stored one (no cache whose results the package holds passes them),
 * so they are judged by its status, which says that the server broke off.
 */
const BREAKS_OFF = [
  'stale-close-must-revalidate',
  'stale-close-proxy-revalidate',
  'stale-close-no-cache',
  'stale-close-s-maxage=2'
]

/** A test as it is meant. */
export function asMeant (test) {
  if (!BREAKS_OFF.includes(test.id)) return test
  const [first, { expected_type: _, ...second }] = test.requests
  return { ...test, requests: [first, { ...second, expected_status: 502, check_body: false }] }
}

/**
 * Tests of `kind: optimal` that must pass, at least. 73 do, one of them (`conditional-lm-fresh-no-lm`) only
 * if no second begins between its two requests.
 */
export const OPTIMAL_MIN = 72

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
