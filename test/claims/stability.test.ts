import { Clip, Optimizer } from 'gradus'
import { small } from './small.js'
import { stability } from './stability.js'

small(stability(), {
  'momentum, which bears more': stability(({ rate }) => Optimizer.momentum({ rate, momentum: 0.5 })),
  'a clip, which bounds each step': stability(({ rate }) => Optimizer.chain(Clip.byNorm(1), Optimizer.sgd({ rate }))),
})
