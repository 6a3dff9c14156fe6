/** How a figure becomes SVG: Vega-Lite without a canvas or a DOM. */
import * as vega from 'vega'
import { type Config, compile } from 'vega-lite'
import { color, type Figure } from './theme.js'

const font = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif"

const config: Config = {
  font,
  aria: false,
  background: '#ffffff',
  padding: 18,
  view: { stroke: null, continuousWidth: 360, continuousHeight: 260 },
  title: {
    anchor: 'start',
    frame: 'group',
    color: color.ink,
    fontSize: 19,
    fontWeight: 'bold',
    subtitleColor: color.gray,
    subtitleFontSize: 13,
    subtitlePadding: 6,
    offset: 14,
  },
  header: { labelFontSize: 14, labelFontWeight: 'bold', labelColor: color.ink },
  axis: {
    labelColor: color.gray,
    labelFontSize: 12,
    labelFlush: false,
    labelPadding: 4,
    titleColor: color.ink,
    titleFontSize: 13,
    titleFontWeight: 'normal',
    titlePadding: 8,
    domainColor: color.gray,
    tickColor: color.gray,
    tickSize: 4,
    gridColor: color.faint,
  },
  point: { filled: true },
  legend: { title: null, labelColor: color.ink, labelFontSize: 13, symbolSize: 180, symbolStrokeWidth: 2.5 },
  line: { strokeWidth: 2.2, strokeCap: 'round' },
  text: { fontSize: 13, color: color.ink },
}

// Without a canvas Vega takes every character for 0.8 em wide, which leaves half of a legend empty.
const narrow = /[ .,:;'|!()[\]ijlftrI1−-]/
const wide = /[mwMWO@%—]/
Object.assign(Reflect.get(vega, 'textMetrics'), {
  width: ({ fontSize = 11 }: { readonly fontSize?: number }, text: unknown): number =>
    [...`${text ?? ''}`].reduce((em, c) => em + (narrow.test(c) ? 0.36 : wide.test(c) ? 0.88 : 0.58), 0) * fontSize,
})

/** Coordinates to a hundredth of a pixel: smaller files, and no last bits of the host's `Math`. */
const rounded = (svg: string): string =>
  svg.replace(/ (?:d|transform|[xy]2?|width|height|viewBox)="[^"]*"/g, attribute =>
    attribute.replace(/-?\d+[.]\d+(?:e-?\d+)?/g, number => `${Number(Number(number).toFixed(2)) + 0}`),
  )

/** Without what nobody sees: empty paths, roles, the font of every single word. */
const lean = (svg: string): string =>
  svg
    .replace(/<path class="(?:fore|back)ground"[^>]* d="(?:M0,0h0v0h0Z)?"[^>]*\/>/g, '')
    .replace(
      /<path class="(?:fore|back)ground" aria-hidden="true" d="[^"]*"(?: pointer-events="none")?(?: display="none")?\/>/g,
      '',
    )
    .replace(/ (?:role|aria-[a-z]+|pointer-events|font-family)="[^"]*"/g, '')
    .replace(/ opacity="1"/g, '')
    .replace(/(<line [^>]*) [xy]2="0"/g, '$1')
    .replace(
      /<path( transform="[^"]*") d="M([\d.]+),0A\2,\2,0,1,1,-\2,0A\2,\2,0,1,1,\2,0"( fill="#[^"]*") stroke-width="[^"]*"/g,
      '<circle$1 r="$2"$3',
    )
    .replace(/ class="(?![^"]*role-mark)[^"]*"/g, '')

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** The picture, as a card with round corners, so that it stands on a light page and on a dark one. */
export const draw = async <D>({ about, spec }: Figure<D>, data: D): Promise<string> => {
  vega.resetSVGDefIds()
  const view = new vega.View(vega.parse(compile(spec(data), { config }).spec), {
    renderer: 'none',
    logLevel: vega.Warn,
  })
  const svg = await view.toSVG()
  view.finalize()
  return `${lean(rounded(svg))
    .replace(/(<svg [^>]*)>/, `$1 role="img" font-family="${font}"><title>${escaped(about)}</title>`)
    .replace(/(<rect [^>]*fill="#ffffff")/, '$1 rx="10"')}\n`
}
