// Runs the public tests of HTTP caches (npm package http-cache-tests) through a front door.
//
//   node test.mjs --edge PROGRAM [--only ID] [--all]
//
// PROGRAM is started as `PROGRAM ORIGIN_ADDRESS` and prints the address of its door. Ends with the
// line `N passed, N failed`: required tests that fail count as failed, others are counted and named.

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'

import fetch from 'node-fetch'
import { getResults, runTests } from 'http-cache-tests/client/runner.mjs'
import suites from 'http-cache-tests/tests/index.mjs'

import { start } from './origin.mjs'
import { asMeant, kindOf, ON_PURPOSE, OPTIMAL_MIN, verdict } from './verdicts.mjs'

const { values } = parseArgs({
  options: { edge: { type: 'string' }, only: { type: 'string' }, all: { type: 'boolean' } }
})

const chosen = test => !test.browser_only && (!values.only || test.id === values.only)
for (const suite of suites) {
  suite.tests = suite.tests.filter(chosen).map(asMeant)
  if (values.only) suite.tests.forEach(test => { test.dump = true })
}
const tests = suites.flatMap(suite => suite.tests)

const origin = await start()
const { port } = origin.address()
const edge = spawn(values.edge, [`127.0.0.1:${port}`], { stdio: ['pipe', 'pipe', 'inherit'] })
const [address] = await new Promise((resolve, reject) => {
  createInterface({ input: edge.stdout }).once('line', line => resolve([line]))
  edge.once('exit', code => reject(new Error(`the front door ended with ${code}`)))
})
// Warnings of the package's server are about requests that a cache turned away: part of the tests.
const say = console.log
if (!values.only) console.log = () => {}
await runTests(suites, fetch, false, `http://${address}`)
console.log = say
edge.removeAllListeners('exit')
edge.kill()
origin.close()
origin.closeAllConnections()

const results = getResults()
const counts = {}
let [passed, failed] = [0, 0]
for (const test of tests) {
  const [kind, found] = [kindOf(test), verdict(test, results)]
  const of = (counts[kind] ||= { pass: 0, fail: 0, no: 0 })
  of[found] += 1
  const because = Array.isArray(results[test.id]) ? results[test.id][1] : ''
  const purpose = ON_PURPOSE[test.id]
  if (kind === 'required' && found !== 'pass') {
    const excused = purpose !== undefined
    console.log(`${excused ? 'differs' : 'FAILED '} ${test.id}: ${excused ? purpose : because} (${found})`)
    excused ? passed++ : failed++
  } else if (kind === 'required') {
    if (purpose !== undefined) {
      console.log(`FAILED  ${test.id} passes; it is no longer to be excused`)
      failed++
    } else passed++
  } else if (values.all || values.only || (kind === 'optimal' && found !== 'pass')) {
    console.log(`${kind} ${found}: ${test.id}: ${because}`)
  }
}
for (const [kind, { pass, fail, no }] of Object.entries(counts)) {
  console.log(`${kind}: ${pass} of ${pass + fail + no} (${fail} otherwise, ${no} not applicable)`)
}
if (!values.only) {
  const enough = (counts.optimal?.pass ?? 0) >= OPTIMAL_MIN
  console.log(`${enough ? 'ok     ' : 'FAILED '} at least ${OPTIMAL_MIN} of the optimal ones pass`)
  enough ? passed++ : failed++
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
