/**
 * Exchanging space for channels in images [rows, height, width, channels], by reshapes and transposes. A block of s x s
 * pixels becomes the channels of one, and back; of the row u and column v in the block, and channel c of C:
 *
 *     tf       channel (u s + v) C + c    (TensorFlow; ONNX's DCR)
 *     torch    channel (c s + u) s + v    (PyTorch's pixel shuffle; ONNX's CRD)
 */
import { type Expr, invalid } from '../graph/Expr.js'
import { showType } from '../shape/TensorType.js'
import { reshape } from './broadcast.js'
import { transpose } from './window.js'

export type BlockForm = 'tf' | 'torch'

const misfit = (name: string, x: Expr, s: number, needs: string): Expr =>
  invalid(name, `blocks of ${s} do not fit ${showType(x.type)}; it needs ${needs}`)

/** [rows, height, width, C] to [rows, height / s, width / s, s s C]. */
export const spaceToDepth = (x: Expr, s: number, form: BlockForm = 'tf'): Expr => {
  if (x._tag === 'Invalid') return x
  const [n = 0, h = 0, w = 0, c = 0] = x.type.shape
  if (x.type.shape.length !== 4 || !(Number.isInteger(s) && s >= 1) || h % s !== 0 || w % s !== 0)
    return misfit('spaceToDepth', x, s, 'a height and width that are multiples of it')
  const blocks = reshape(x, [n, h / s, s, w / s, s, c])
  const order = form === 'tf' ? [0, 1, 3, 2, 4, 5] : [0, 1, 3, 5, 2, 4]
  return reshape(transpose(blocks, order), [n, h / s, w / s, s * s * c])
}

/** [rows, height, width, s s C] to [rows, height s, width s, C]. */
export const depthToSpace = (x: Expr, s: number, form: BlockForm = 'tf'): Expr => {
  if (x._tag === 'Invalid') return x
  const [n = 0, h = 0, w = 0, c = 0] = x.type.shape
  if (x.type.shape.length !== 4 || !(Number.isInteger(s) && s >= 1) || c % (s * s) !== 0)
    return misfit('depthToSpace', x, s, 'channels that are a multiple of its square')
  const d = c / (s * s)
  const blocks = form === 'tf' ? reshape(x, [n, h, w, s, s, d]) : reshape(x, [n, h, w, d, s, s])
  return reshape(transpose(blocks, form === 'tf' ? [0, 1, 3, 2, 4, 5] : [0, 1, 4, 2, 5, 3]), [n, h * s, w * s, d])
}

/**
 * Darknet's reorg layer, [rows, height, width, C] to [rows, height / s, width / s, s s C]. It takes the channels-first
 * image for one of C / s^2 channels that is s times as high and wide, and of that makes blocks into channels, the
 * position in the block outermost (`reorg_cpu` in Darknet's blas.c).
 */
export const reorg = (x: Expr, s: number): Expr => {
  if (x._tag === 'Invalid') return x
  const [n = 0, h = 0, w = 0, c = 0] = x.type.shape
  if (x.type.shape.length !== 4 || !(Number.isInteger(s) && s >= 1) || h % s !== 0 || w % s !== 0 || c % (s * s) !== 0)
    return misfit('reorg', x, s, 'a height and width that are multiples of it and channels that are one of its square')
  const first = transpose(x, [0, 3, 1, 2])
  const blocks = reshape(first, [n, c / (s * s), h, s, w, s])
  const deep = reshape(transpose(blocks, [0, 3, 5, 1, 2, 4]), [n, s * s * c, h / s, w / s])
  return transpose(deep, [0, 2, 3, 1])
}
