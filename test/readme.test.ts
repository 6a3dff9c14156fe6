/**
 * The code of README.md compiles. Its ts blocks, joined, are one module; a block that begins with the path of a source
 * file continues that file instead.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('README.md')

const root = fileURLToPath(new URL('..', import.meta.url))

/** Where the joined blocks stand. */
const sample = `${root}readme-sample.ts`

/** The text of every file that the blocks make up, by absolute path. */
const filesOf = (markdown: string): ReadonlyMap<string, string> => {
  const files = new Map<string, string>() // local mutation
  for (const [, block = ''] of markdown.matchAll(/^```ts\n(.*?)^```$/gms)) {
    const source = /^[/][/] (src[/].*[.]ts)\n/.exec(block)?.[1]
    const path = source === undefined ? sample : root + source
    const before = files.get(path) ?? (source === undefined ? '' : readFileSync(path, 'utf8'))
    files.set(path, before + block)
  }
  return files
}

/** What the compiler says of the files, each line with its place. */
const complaints = (files: ReadonlyMap<string, string>): readonly string[] => {
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, root)
  const host = ts.createCompilerHost(options)
  const { readFile, fileExists } = host
  host.readFile = path => files.get(path) ?? readFile(path)
  host.fileExists = path => files.has(path) || fileExists(path)
  const program = ts.createProgram([...files.keys()], options, host)
  return program
    .getSourceFiles()
    .filter(({ fileName }) => files.has(fileName))
    .flatMap(source =>
      [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(d => {
        const { line } = source.getLineAndCharacterOfPosition(d.start ?? 0)
        const where = `${source.fileName.slice(root.length)}:${line + 1}`
        return `${where}: ${ts.flattenDiagnosticMessageText(d.messageText, '\n')}`
      }),
    )
}

test('the code compiles, and a line that does not is found', () => {
  const files = filesOf(readFileSync(`${root}README.md`, 'utf8'))
  assert.ok(files.has(sample))
  const control = "import { Net } from 'gradus'\nNet.input('x')\n"
  const [wrong = '', ...others] = complaints(new Map([...files, [`${root}control.ts`, control]])).toSorted()
  assert.match(wrong, /^control.ts:2: Argument of type 'string'/)
  assert.equal(others, [])
})

test.run()
