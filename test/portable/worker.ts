/** The job in a page's worker: takes the bytes of the csv.gz and numbers of threads, answers with the outcomes. */
import { trainEach } from './job.js'

interface Asked {
  readonly csv: Uint8Array
  readonly counts: readonly number[]
}

addEventListener('message', ({ data: { csv, counts } }: MessageEvent<Asked>) => {
  trainEach(csv, counts).then(postMessage, (error: unknown) => postMessage(String(error)))
})
