/**
 * The determinism contract for TypeScript: what a run computes may not depend on the engine's `Math`, on the clock or
 * on the locale. Functions and properties named `reference` are exempt: nothing they compute reaches a run.
 */
import ts from 'typescript'

/** Members of `Math` whose result IEEE 754 and ECMAScript fix to the bit. */
const exactMath = new Set('abs ceil floor trunc min max imul fround sqrt clz32 sign'.split(' '))

const refused: { readonly [name: string]: string } = {
  Date: 'the clock',
  performance: 'the clock',
  crypto: 'a source of random bits',
  Intl: 'the locale',
}

/** Methods that ask the locale. */
const localeMethod = /^(localeCompare|toLocale\w*)$/

const isExempt = (node: ts.Node): boolean =>
  (ts.isPropertyAssignment(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isVariableDeclaration(node)) &&
  node.name !== undefined &&
  ts.isIdentifier(node.name) &&
  node.name.text === 'reference'

/** Whether an identifier is used as a global value, not as the name of a member, a key or a type. */
const isValue = (node: ts.Identifier): boolean => {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent))
    return parent.expression === node || (ts.isIdentifier(parent.expression) && parent.expression.text === 'globalThis')
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node
  return !(
    ts.isTypeNode(parent) ||
    ts.isQualifiedName(parent) ||
    ts.isPropertySignature(parent) ||
    ts.isMethodDeclaration(parent) ||
    ts.isMethodSignature(parent) ||
    ts.isImportSpecifier(parent) ||
    ts.isExportSpecifier(parent)
  )
}

const mathFault = (node: ts.Identifier): string | undefined => {
  const { parent } = node
  if (!ts.isPropertyAccessExpression(parent) || parent.expression !== node)
    return 'Math is used other than by a named member'
  return exactMath.has(parent.name.text) ? undefined : `Math.${parent.name.text} differs between engines`
}

const powers = new Set([ts.SyntaxKind.AsteriskAsteriskToken, ts.SyntaxKind.AsteriskAsteriskEqualsToken])

const fault = (node: ts.Node, mayReadClock: boolean): string | undefined => {
  if (ts.isBinaryExpression(node) && powers.has(node.operatorToken.kind)) return '** differs between engines'
  if (!ts.isIdentifier(node)) return undefined
  if (ts.isPropertyAccessExpression(node.parent) && node.parent.name === node && localeMethod.test(node.text))
    return `${node.text} depends on the locale`
  if (!isValue(node)) return undefined
  if (node.text === 'Math') return mathFault(node)
  const source = Object.hasOwn(refused, node.text) ? refused[node.text] : undefined
  if (source === undefined || (mayReadClock && source === 'the clock')) return undefined
  return `${node.text} is ${source}`
}

/** The faults in a module's text, each as `file:line: what`. */
export const sourceFaults = (file: string, text: string, mayReadClock = false): readonly string[] => {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (isExempt(node)) return
    const what = fault(node, mayReadClock)
    if (what !== undefined) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source))
      found.push(`${file}:${line + 1}: ${what}`)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}
