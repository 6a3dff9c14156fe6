/** Random recipes in a page's worker: takes a seed and a count, answers with the outcomes. */
import { outcomes } from './random.js'

addEventListener('message', ({ data: [seed, count] }: MessageEvent<readonly [number, number]>) => {
  outcomes(seed, count).then(postMessage, (error: unknown) => postMessage(String(error)))
})
