/** What it costs the compiler to check one file: counts that are the same on every machine, and the time on this one. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Cost {
  readonly errors: readonly string[]
  readonly instantiations: number
  readonly types: number
  /** seconds of the processor to read the program, and to check the file and what it needs */
  readonly read: number
  readonly check: number
}

const seconds = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1e6
}

/** The cost of a file of this folder, as `tsc --extendedDiagnostics` counts it, without checking what it imports. */
export const costOf = (file: string): Cost => {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, root)
  const path = join(root, 'test/types', file)
  const started = process.cpuUsage()
  const program = ts.createProgram([path], options)
  const source = program.getSourceFile(path)
  const read = seconds(started)
  const checking = process.cpuUsage()
  const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
  return {
    errors: found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
    instantiations: program.getInstantiationCount(),
    types: program.getTypeCount(),
    read,
    check: seconds(checking),
  }
}
