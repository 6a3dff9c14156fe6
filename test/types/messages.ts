/**
 * What the compiler says of code it must refuse. In a file of wrong uses each wrong line stands below a comment
 * `@ts-expect-error <name>`, so that `tsc` accepts the file and complains when a line is accepted after all; here the
 * comments are taken away and the messages read.
 */
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('../..', import.meta.url))

const options = (): ts.CompilerOptions => {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  return ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, root).options
}

const marker = /^(\s*\/\/ )@ts-expect-error (.*)$/

export interface Messages {
  /** by the name of the marked line; the text of every error on it */
  readonly messages: { readonly [name: string]: string }
  /** marked lines without an error, errors on lines without a mark, names used twice */
  readonly faults: readonly string[]
}

const texts = (diagnostics: readonly ts.Diagnostic[]): string =>
  diagnostics
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
    .join('\n')
    .replaceAll(root, '')

/** Reads the messages of `files` (absolute path to text); what they import is read from the disk. */
export const readMessages = (files: ReadonlyMap<string, string>): Messages => {
  const settings = options()
  const host = ts.createCompilerHost(settings)
  const { readFile, fileExists } = host
  const unmarked = (text: string): string => text.replaceAll('@ts-expect-error', '')
  host.readFile = path => {
    const text = files.get(path)
    return text === undefined ? readFile(path) : unmarked(text)
  }
  host.fileExists = path => files.has(path) || fileExists(path)
  const program = ts.createProgram([...files.keys()], settings, host)

  const messages: { [name: string]: string } = {}
  const faults: string[] = []
  for (const [path, text] of files) {
    const source = program.getSourceFile(path)
    if (source === undefined) throw new Error(`${path} was not read`)
    const errors = new Map<number, ts.Diagnostic[]>()
    for (const diagnostic of [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]) {
      const { line } = source.getLineAndCharacterOfPosition(diagnostic.start ?? 0)
      errors.set(line, [...(errors.get(line) ?? []), diagnostic])
    }
    for (const [line, code] of text.split('\n').entries()) {
      const name = marker.exec(code)?.[2]
      if (name === undefined) continue
      const found = errors.get(line + 1)
      if (found === undefined) faults.push(`${name}: the line below compiles`)
      else if (Object.hasOwn(messages, name)) faults.push(`${name}: there are two of this name`)
      else messages[name] = texts(found)
      errors.delete(line + 1)
    }
    for (const [line, found] of errors) faults.push(`${relative(root, path)}:${line + 1}: ${texts(found)}`)
  }
  return { messages, faults }
}
