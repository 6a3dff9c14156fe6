import * as E from 'fp-ts/lib/Either.js'
import { Reuse } from 'gradus'
import { small } from './small.js'
import { transfer } from './transfer.js'

small(transfer(), {
  'nothing taken over': transfer(() => E.right),
  'one of the two layers left out': transfer((model, { exclude = [], ...select } = {}) =>
    Reuse.weights(model, { ...select, exclude: [...exclude, 'hidden1/*'] }),
  ),
})
