/** Lines of generated text. */

const width = 120

export const indented = (lines: readonly string[]): readonly string[] => lines.map(line => (line ? `  ${line}` : line))

export const block = (head: string, lines: readonly string[]): readonly string[] => [
  `${head} {`,
  ...indented(lines),
  '}',
]

/** Broken between words, so that a line has room for what stands before it. */
export const wrapped = (text: string, room: number = width): readonly string[] => {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines[lines.length - 1] as string
    if (line && line.length + 1 + word.length > room) lines.push(word)
    else lines[lines.length - 1] = line ? `${line} ${word}` : word
  }
  return lines
}

/** A remark of one sentence; its further lines stand further in. */
export const remark = (text: string, indent: number): readonly string[] =>
  wrapped(text, width - indent - 7).map((line, i) => `//${i === 0 ? ' ' : '     '}${line}`)

/** What stands above a function. */
export const doc = (text: string): readonly string[] => {
  const lines = wrapped(text, width - 7)
  return lines.length === 1 ? [`/** ${text} */`] : ['/**', ...lines.map(line => ` * ${line}`), ' */']
}

/** The import of names, which are sorted; none if there are none. */
export const importOf = (names: Iterable<string>, from: string): readonly string[] => {
  const all = [...names].sort().join(', ')
  if (all === '') return []
  const line = `import { ${all} } from '${from}'`
  return line.length <= width ? [line] : ['import {', ...indented(wrapped(`${all},`, width - 2)), `} from '${from}'`]
}
