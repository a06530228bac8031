package main

import (
	"fmt"
	"html"
	"strings"
)

// canvas collects the elements of an SVG picture. Sizes are in pixels.
type canvas struct {
	b      strings.Builder
	height float64
}

// pictureWidth is what each picture has.
const pictureWidth = 900.0

// The look follows the reader's, and the ground is drawn too: a picture is
// legible also where that is not known.
const look = `<style>
  .ground{fill:#fff;stroke:#d0d7de} text{font:13px -apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#1f2328}
  .b{font-weight:600} .m{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:12px} .s{font-size:12px} .q{fill:#59636e}
  .box{fill:#f6f8fa;stroke:#8c959f} .blue{fill:#ddf4ff;stroke:#0969da} .green{fill:#dafbe1;stroke:#1a7f37} .red{fill:#ffebe9;stroke:#cf222e} .amber{fill:#fff8c5;stroke:#9a6700}
  .line{fill:none;stroke:#57606a;stroke-width:1.5} .thin{stroke:#d0d7de} .dash{fill:none;stroke:#cf222e;stroke-width:1.5;stroke-dasharray:5 4} .tip{fill:#57606a}
  @media (prefers-color-scheme:dark){
  .ground{fill:#0d1117;stroke:#3d444d} text{fill:#f0f6fc} .q{fill:#9198a1}
  .box{fill:#151b23;stroke:#656c76} .blue{fill:#0c2d6b;stroke:#4493f8} .green{fill:#033a16;stroke:#3fb950} .red{fill:#490202;stroke:#f85149} .amber{fill:#341a00;stroke:#d29922}
  .line{stroke:#9198a1} .thin{stroke:#3d444d} .dash{stroke:#f85149} .tip{fill:#9198a1}}
</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>
`

func newCanvas(height float64) *canvas {
	c := &canvas{height: height}
	c.rect(0.5, 0.5, pictureWidth-1, height-1, "ground")
	return c
}

func (c *canvas) rect(x, y, width, height float64, class string) {
	fmt.Fprintf(&c.b, `<rect class="%s" x="%.5g" y="%.5g" width="%.5g" height="%.5g" rx="4"/>`+"\n", class, x, y, width, height)
}

// text writes one line. The anchor is start, middle or end; y is the baseline.
func (c *canvas) text(x, y float64, anchor, class, text string) {
	fmt.Fprintf(&c.b, `<text class="%s" x="%.5g" y="%.5g" text-anchor="%s">%s</text>`+"\n", class, x, y, anchor, html.EscapeString(text))
}

// box draws a box with lines of text in its middle, the first of them bold.
func (c *canvas) box(x, y, width, height float64, class string, lines ...string) {
	c.rect(x, y, width, height, class)
	for i, line := range lines {
		style := "s"
		if i == 0 {
			style = "b"
		}
		c.text(x+width/2, y+height/2+5+17*(float64(i)-float64(len(lines)-1)/2), "middle", style, line)
	}
}

// line draws through points: x, y, x, y, …
func (c *canvas) line(class string, points ...float64) { c.stroke(class, "", points) }

// arrow is line with a tip at its end.
func (c *canvas) arrow(points ...float64) { c.stroke("line", ` marker-end="url(#tip)"`, points) }

func (c *canvas) stroke(class, more string, points []float64) {
	var path strings.Builder
	for i := 0; i+1 < len(points); i += 2 {
		fmt.Fprintf(&path, "%c%.5g %.5g", "ML"[min(i, 1)], points[i], points[i+1])
	}
	fmt.Fprintf(&c.b, `<path class="%s" d="%s"%s/>`+"\n", class, &path, more)
}

// svg returns the picture. The title is for those who cannot see it.
func (c *canvas) svg(title string) []byte {
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" width="%g" height="%g" role="img">`+"\n<title>%s</title>\n%s%s</svg>\n",
		pictureWidth, c.height, pictureWidth, c.height, html.EscapeString(title), look, &c.b)
}
