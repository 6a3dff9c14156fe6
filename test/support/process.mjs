/** Child processes with a time limit, their output collected. */
import { spawn } from 'node:child_process'

/**
 * Runs node with `args` and resolves to `{ ok, why, output, messages }`: `ok` when it ended with exit code 0 in time,
 * otherwise `why` says what happened. The messages are those the child sent with `process.send`.
 */
export const runNode = (args, { cwd, timeout, env = {} }) =>
  new Promise(resolve => {
    const messages = []
    let output = ''
    let timedOut = false
    const child = spawn(process.execPath, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    })
    // a process group of its own, so that the children of a child end with it
    const kill = () => {
      try {
        process.kill(-child.pid, 'SIGKILL')
      } catch {}
    }
    const timer = setTimeout(() => {
      timedOut = true
      kill()
    }, timeout)
    process.once('exit', kill)
    const collect = chunk => {
      output += chunk
    }
    child.stdout.setEncoding('utf8').on('data', collect)
    child.stderr.setEncoding('utf8').on('data', collect)
    child.on('message', message => messages.push(message))
    child.on('error', collect)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      process.off('exit', kill)
      const why = timedOut
        ? `not finished after ${timeout / 1000} s`
        : signal !== null
          ? `ended by ${signal}`
          : `exit code ${code}`
      resolve({ ok: code === 0 && !timedOut, why, output, messages })
    })
  })
