// Mentions of some hours -> bars. An hour without a mention is a stub, one that nobody read is a hole.

const SVG = "http://www.w3.org/2000/svg"

function make(tag, attributes) {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  return element
}

/** What a row of hours says, for those who do not see it. */
export function sparkWords(points) {
  const known = points.filter((point) => point.mentions != null)
  const gaps = points.length - known.length
  const most = Math.max(0, ...known.map((point) => point.mentions))
  return `${points.length} hours: at most ${most} an hour${gaps ? `, ${gaps} not read` : ""}`
}

/** Bars from the oldest to the newest hour; `expected(point)` draws what was usual across a bar. */
export function hourBars(points, {width, height, expected = () => null, className = "o-hours"}) {
  const svg = make("svg", {width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": sparkWords(points), class: className, preserveAspectRatio: "none"})
  const most = Math.max(1, ...points.map((point) => Math.max(point.mentions ?? 0, expected(point) ?? 0)))
  const step = width / points.length
  const room = height - 2
  points.forEach((point, i) => {
    const x = i * step
    const wide = Math.max(0.8, step - (step > 3 ? 1 : 0.4))
    if (point.mentions == null) {
      svg.append(make("rect", {x: x.toFixed(2), width: step.toFixed(2), y: 0, height, class: "o-hole"}))
      return
    }
    const high = point.mentions ? Math.max(2, (point.mentions / most) * room) : 1
    const kind = i === points.length - 1 ? "o-newest" : point.mentions ? "o-said" : "o-silent"
    svg.append(make("rect", {x: x.toFixed(2), width: wide.toFixed(2), y: (height - high).toFixed(2), height: high.toFixed(2), class: kind}))
    const usual = expected(point)
    if (usual != null) {
      const y = (height - Math.max(0.5, (usual / most) * room)).toFixed(2)
      svg.append(make("line", {x1: x.toFixed(2), x2: (x + wide).toFixed(2), y1: y, y2: y, class: "o-usual"}))
    }
  })
  return svg
}
