/**
 * Generated AssemblyScript to WebAssembly, by the compiler's own modules in this process: no file is read, no command
 * is run, and a fault of the compiler is a value. Nothing of it is loaded before something is compiled.
 *
 * At Binaryen's -O1: the code of all 182 regions of the library's own chains runs as fast as -O3's (ratios 0.97 to
 * 1.05, mean 1.00) and takes a third of the time to make.
 */
import * as E from '#fp/Either.js'
import { pipe } from '#fp/function.js'
import * as TE from '#fp/TaskEither.js'

/** Why a module could not be built: the compiler is not installed, or what it says about the text. */
export interface CompileError {
  readonly _tag: 'CompileError'
  readonly message: string
}

export const compileError = (message: string): CompileError => ({ _tag: 'CompileError', message })

/** From the text of a module to its bytes. */
export type Compiler = (source: string) => TE.TaskEither<CompileError, Uint8Array<ArrayBuffer>>

/** What is compiled with a text: the files that it may import, and the version of the compiler. */
export interface Library {
  readonly version: string
  readonly files: Readonly<Record<string, string>>
}

export const reason = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''

export const library: TE.TaskEither<CompileError, Library> = TE.tryCatch(
  () => import('./library.gen.js'),
  error => compileError(`the library of generated modules could not be loaded (${reason(error)}): reinstall gradus`),
)

/** The compiler's two modules: `assemblyscript`, and `assemblyscript/asc`, which holds its standard library. */
export interface Modules {
  readonly compiler: unknown
  readonly asc: { readonly version: string; readonly libraryFiles: { readonly [path: string]: string } }
}

/** By a name that no bundler follows: what compiles nothing is not to carry the compiler's 14 MB. */
const load = (name: string): Promise<unknown> => import(/* @vite-ignore */ /* webpackIgnore: true */ name)

const installed = async (): Promise<Modules> => {
  const [compiler, asc] = await Promise.all([load('assemblyscript'), load('assemblyscript/asc')])
  return { compiler, asc: asc as Modules['asc'] }
}

type Assemblyscript = typeof import('assemblyscript')
type Program = ReturnType<Assemblyscript['newProgram']>

/** The name of the compiled text: its imports are relative to it. */
const entry = 'module.ts'

/** What the compiler is set to; part of a cached module's key. The memory's limits are those of the core. */
export const settings = { optimizeLevel: 1, shrinkLevel: 0, maximumMemory: 65_536, runtime: 'rt/index-stub' } as const

const newProgram = (as: Assemblyscript): Program => {
  const options = as.newOptions()
  as.setRuntime(options, 0)
  as.setNoAssert(options, true)
  as.setImportMemory(options, true)
  as.setExportMemory(options, false)
  as.setMaximumMemory(options, settings.maximumMemory)
  as.addGlobalAlias(options, 'abort', '')
  as.setFeature(options, as.FEATURE_SIMD, true)
  as.setFeature(options, as.FEATURE_THREADS, true)
  as.setOptimizeLevelHints(options, settings.optimizeLevel, settings.shrinkLevel)
  return as.newProgram(options)
}

const prefix = '~lib/'

/** A file under one of the names by which it may be imported. */
const find = (files: Readonly<Record<string, string>>, names: readonly string[]): readonly [string, string | null] => {
  const name = names.find(n => Object.hasOwn(files, n))
  return name === undefined ? [names[0] ?? '', null] : [name, files[name] ?? null]
}

const parse = (as: Assemblyscript, program: Program, source: string, own: Library['files'], std: Library['files']) => {
  for (const [path, text] of Object.entries(std))
    if (!path.includes('/')) as.parse(program, text, `${prefix}${path}.ts`, false)
  as.parse(program, std[settings.runtime] ?? null, `${prefix}${settings.runtime}.ts`, true)
  as.parse(program, source, entry, true)
  for (let path = as.nextFile(program); path !== null; path = as.nextFile(program)) {
    if (path.startsWith(prefix)) {
      const plain = path.slice(prefix.length)
      const [name, text] = find(std, [plain, `${plain}/index`])
      as.parse(program, text, `${prefix}${name}.ts`, false)
    } else {
      const [name, text] = find(own, [`${path}.ts`, `${path}/index.ts`])
      as.parse(program, text, name, false)
    }
  }
}

/** The errors so far, a line each. */
const errors = (as: Assemblyscript, program: Program): readonly string[] => {
  const found: string[] = []
  for (let d = as.nextDiagnostic(program); d !== null; d = as.nextDiagnostic(program))
    if (as.isError(d)) found.push(as.formatDiagnostic(d).replaceAll(/\s*\n\s*/g, ' '))
  return found
}

const refusal = (found: readonly string[]): CompileError => {
  const [first = '', second, ...more] = found
  const rest = second === undefined ? '' : `; ${second}${more.length > 0 ? `; and ${more.length} more` : ''}`
  return compileError(`the generated module does not compile: ${first}${rest}`)
}

const compileText = (
  as: Assemblyscript,
  source: string,
  own: Library['files'],
  std: Library['files'],
): E.Either<CompileError, Uint8Array<ArrayBuffer>> => {
  const program = newProgram(as)
  parse(as, program, source, own, std)
  const unparsed = errors(as, program)
  if (unparsed.length > 0) return E.left(refusal(unparsed))
  as.initializeProgram(program)
  const module = as.compile(program)
  try {
    const faults = errors(as, program)
    if (faults.length > 0) return E.left(refusal(faults))
    if (!as.validate(module)) return E.left(refusal(['it is not valid WebAssembly']))
    as.optimize(module, settings.optimizeLevel, settings.shrinkLevel)
    return E.right(Uint8Array.from(module.toBinary().output))
  } finally {
    module.dispose()
  }
}

/** A compiler on the calling thread, which it blocks for some tenths of a second, and 2 s the first time. */
export const compilerOf =
  (modules: () => Promise<Modules>): Compiler =>
  source =>
    pipe(
      library,
      TE.chain(({ version, files }) => {
        const advice = `npm install assemblyscript@${version}; a page compiles in a worker (Compile.inWorker)`
        return pipe(
          TE.tryCatch(modules, error =>
            compileError(`the AssemblyScript compiler could not be loaded (${reason(error)}): ${advice}`),
          ),
          TE.filterOrElse(
            ({ asc }) => asc.version === version,
            ({ asc }) =>
              compileError(`generated modules need assemblyscript ${version}, not ${asc.version}: ${advice}`),
          ),
          TE.chainEitherK(({ compiler, asc: { libraryFiles } }) =>
            E.flatten(
              E.tryCatch(
                () => compileText(compiler as Assemblyscript, source, files, libraryFiles),
                error => refusal([`the compiler broke down (${reason(error)})`]),
              ),
            ),
          ),
        )
      }),
    )

/** The installed compiler, on the calling thread. */
export const onThisThread: Compiler = compilerOf(installed)
