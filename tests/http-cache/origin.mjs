// The server that stands behind the front door in the public tests of HTTP caches, as a cell does:
// the handlers are the package's own, and `/readyz` says that it takes work.

import http from 'node:http'

import handleConfig from 'http-cache-tests/server/handle-config.mjs'
import handleState from 'http-cache-tests/server/handle-state.mjs'
import handleTest from 'http-cache-tests/server/handle-test.mjs'

const handlers = { config: handleConfig, state: handleState, test: handleTest }

/** Starts the server on a free port of this machine. */
export function start () {
  const server = http.createServer((request, response) => {
    const [, first, ...rest] = new URL(request.url, 'http://localhost').pathname.split('/')
    if (first === 'readyz') return response.end('ready')
    const handler = handlers[first]
    if (handler) return handler(rest, request, response)
    response.statusCode = 404
    return response.end()
  })
  return new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(server)))
}
